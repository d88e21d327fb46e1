package call_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/wire"
)

// A storm is a random life of one call: the times of its key and handler, the way in
// which its handler ends, and other attempts to end it, each at a given millisecond.
// Events of the same millisecond race.
type storm struct {
	key, runs, limit time.Duration // 0: at once
	ends             string        // how the handler ends
	keyed, onReader  bool
	onReturn         bool
	held             bool
	others           []other
}

type other struct {
	at   time.Duration
	what string
}

func drawStorm(rt *rapid.T) storm {
	ms := func(name string, low int) time.Duration {
		return time.Duration(rapid.IntRange(low, 5).Draw(rt, name)) * time.Millisecond
	}
	s := storm{
		key:      ms("key", 0),
		runs:     ms("runs", 0),
		limit:    ms("limit", 1),
		ends:     rapid.SampledFrom([]string{"result", "error", "panic", "goexit"}).Draw(rt, "ends"),
		keyed:    rapid.Bool().Draw(rt, "keyed"),
		onReader: rapid.Bool().Draw(rt, "on the reader"),
		onReturn: rapid.Bool().Draw(rt, "answer on return"),
		held:     rapid.Bool().Draw(rt, "held"),
	}
	for range rapid.IntRange(0, 4).Draw(rt, "others") {
		what := rapid.SampledFrom([]string{"cancel", "by caller", "reject arriving", "reject queued", "stall"}).Draw(rt, "what")
		s.others = append(s.others, other{ms("at", 0), what})
	}
	return s
}

// setup records the route of a storm. ran counts its runs.
func (s storm) setup(r *cogs.Registrar, ran *atomic.Int64) {
	o := cogs.RouteOptions[int]{Timeout: s.limit}
	if s.keyed {
		o.Key = func(int) string { time.Sleep(s.key); return "" }
	}
	cogs.HandleWith(r, "route", o, func(context.Context, int) (int, error) {
		ran.Add(1)
		time.Sleep(s.runs)
		switch s.ends {
		case "error":
			return 0, wire.Errorf(wire.NotFound, "nothing there")
		case "panic":
			panic("a handler's panic")
		case "goexit":
			runtime.Goexit()
		}
		return 1, nil
	})
}

// end tries to end the call in the named way.
func (w *world) end(c *call.Call, what string) {
	switch what {
	case "cancel":
		c.Cancel(errGone, context.Canceled)
	case "by caller":
		c.CancelByCaller(context.Canceled)
	case "reject arriving":
		c.RejectArriving(errGone)
	case "reject queued":
		c.RejectQueued(errGone)
	case "stall":
		if c.Place() != nil {
			c.Stall()
		}
	}
}

// TestCall_onceWhateverRaces lets deadline, handler, key, cancels and rejections race for
// a call:
//
//   - The call is answered once and over once.
//   - It gives its place back once, if it had one.
//   - Its handler runs at most once, and exactly once if the answer is a result.
func TestCall_onceWhateverRaces(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			s, ran := drawStorm(rt), new(atomic.Int64)
			w := newWorld(rt, func(r *cogs.Registrar) { s.setup(r, ran) })
			w.env.AnswerOnReturn = s.onReturn
			c := w.arrive("route", "1")
			if s.held {
				c.Hold()
			}
			for _, o := range s.others {
				go func() { // ends by itself, at most 5 ms from now
					time.Sleep(o.at)
					w.end(c, o.what)
				}()
			}
			admitted := c.Admitted(w.places["route"])
			if admitted && s.onReader {
				go func() { c.RunOnReader() }() // ends with the handler
			} else if admitted {
				c.HandOff()
			}
			time.Sleep(time.Minute)
			synctest.Wait()

			w.want(c.ID, firstWord(w.answers[c.ID]), 1)
			left := 0
			if admitted {
				left = 1
			}
			w.wantLeft(c.ID, left)
			refused, _ := w.counts.Read()
			sum := uint64(0)
			for _, n := range refused {
				sum += n
			}
			if n := ran.Load(); n > 1 || sum+uint64(n) != 1 {
				rt.Errorf("the handler ran %d times and %v was refused; want one of the two, once", n, refused)
			}
			if got := w.answers[c.ID]; ran.Load() == 0 && strings.HasPrefix(strings.Join(got, ""), "ok") {
				rt.Errorf("answers = %q of a call that has not run; want an error", got)
			}
			if s.ends == "panic" && ran.Load() == 1 && !strings.Contains(strings.Join(w.failures, ""), "a handler's panic") {
				rt.Errorf("Env.Failed got %q; want the panic, also if the call was answered before", w.failures)
			}
		})
	})
}

// firstWord returns the first word of the only answer. Where answers race, any of them
// may have won.
func firstWord(answers []string) string {
	if len(answers) == 0 {
		return "any answer"
	}
	word, _, _ := strings.Cut(answers[0], " ")
	return word
}
