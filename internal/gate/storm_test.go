package gate_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
)

// A storm is a cog whose gate is opened and closed at random while calls and events
// come. Steps of the same millisecond race.
type storm struct {
	*cog
	w       *world
	h       *host
	held    bool
	refuses bool
	gens    []*gate.Generation
	calls   []*call.Call
	sent    int // number of events
}

// routes records the routes of a storm. Each notes when a call begins and ends.
func (s *storm) routes(r *cogs.Registrar) {
	serve := func(kind string) func(ctx context.Context, id int) (int, error) {
		return func(ctx context.Context, id int) (int, error) {
			gen := cogs.CallInfo(ctx).Generation
			s.w.note("begin %s %d in %d", kind, id, gen)
			time.Sleep(time.Duration(id%4) * time.Millisecond)
			s.w.note("end %s %d in %d", kind, id, gen)
			return id, nil
		}
	}
	cogs.Handle(r, "free", serve("free"))
	cogs.HandleWith(r, "serial", cogs.RouteOptions[int]{Serial: true, MaxWaiting: 3}, serve("serial"))
	cogs.HandleWith(r, "keyed", cogs.RouteOptions[int]{Key: func(int) string { return "" }}, serve("keyed"))
	for range 2 {
		(*instance.Recorder)(r).Listen(s.h, "join", func([]byte) string { return "" }, func(ctx context.Context, data []byte) error {
			s.w.note("event %s in %d", data, cogs.CallInfo(ctx).Generation)
			return nil
		})
	}
}

// step does one random thing to the gate.
func (s *storm) step(rt *rapid.T) {
	switch what := rapid.SampledFrom([]string{"call", "call", "call", "event", "cancel", "hold", "swap", "reopen", "refuse", "wait"}).Draw(rt, "what"); what {
	case "call":
		endpoint := rapid.SampledFrom([]string{"free", "serial", "keyed"}).Draw(rt, "endpoint")
		c := s.w.arrive(nil, endpoint, fmt.Sprint(len(s.calls)))
		s.calls = append(s.calls, c)
		admit(c)
	case "event":
		s.h.emit("join", fmt.Sprint(s.sent))
		s.sent++
	case "cancel":
		if n := len(s.calls); n > 0 {
			c := s.calls[rapid.IntRange(0, n-1).Draw(rt, "call")]
			go c.Cancel(errGone, context.Canceled) // ends at once
		}
	case "hold":
		s.Hold()
		s.held, s.refuses = true, false
	case "swap":
		next := s.next(s.gens[len(s.gens)-1])
		s.Swap(next)
		s.gens = append(s.gens, next)
		s.held, s.refuses = false, false
	case "reopen":
		if s.held {
			s.Reopen()
			s.held = false
		}
	case "refuse":
		s.RefuseAll(errGone)
		s.held, s.refuses = false, true
	case "wait":
		time.Sleep(time.Duration(rapid.IntRange(1, 3).Draw(rt, "ms")) * time.Millisecond)
	}
}

// TestGate_storm sends a random order of calls, events, cancels and switches through a
// gate, and checks these rules:
//
//   - Each call is answered once and over once. Its handler runs at most once, and
//     exactly once if the answer is a result.
//   - A serial route runs one call at a time, over switches too.
//   - An event goes to both listeners of one generation, or Placed gets an error.
//   - At the end each closed generation is empty, and no call is left anywhere.
func TestGate_storm(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rapid.SyncTest(rt, func(rt *rapid.T) {
			w := newWorld(rt)
			s := &storm{w: w, h: &host{subs: map[string]func([]byte){}}}
			s.cog = w.load(cogs.Cog{Name: "c", MaxInFlight: 8, MaxHeld: 6}, s.routes)
			s.gens = append(s.gens, s.gen)
			s.Subscribe(s.gen, w.event)
			for range rapid.IntRange(1, 40).Draw(rt, "steps") {
				s.step(rt)
			}
			if s.held {
				s.Reopen()
			}
			time.Sleep(time.Minute)
			synctest.Wait()
			s.check()
		})
	})
}

func (s *storm) check() {
	notes := map[string]int{}
	running := map[string]string{} // by route
	for _, n := range s.w.began {
		notes[n]++
		f := strings.Fields(n)
		switch {
		case f[0] == "begin" && f[1] != "free":
			if other := running[f[1]]; other != "" {
				s.w.t.Errorf("%q while %q runs; want one at a time", n, other)
			}
			running[f[1]] = n
		case f[0] == "end":
			delete(running, f[1])
		}
	}
	for i, c := range s.calls {
		ran := 0
		for n := range s.gens {
			ran += notes[fmt.Sprintf("begin %s %d in %d", c.Endpoint, i, n+1)]
		}
		got := s.w.answers[c.ID]
		if len(got) != 1 || s.w.overs[c.ID] != 1 || ran > 1 || strings.HasPrefix(got[0], "ok") && ran != 1 {
			s.w.t.Errorf("call %d of %s was answered %q, over %d times, and ran %d times; want one outcome", i, c.Endpoint, got, s.w.overs[c.ID], ran)
		}
	}
	for i := range s.sent {
		var seen []int
		for n := range s.gens {
			if k := notes[fmt.Sprintf("event %d in %d", i, n+1)]; k > 0 {
				seen = append(seen, k)
			}
		}
		placed := notes[fmt.Sprintf("%d placed", i)]
		lost := notes[fmt.Sprintf("%d lost: overloaded:", i)] + notes[fmt.Sprintf("%d lost: unavailable", i)]
		if placed+lost != 1 || placed == 1 && !slices.Equal(seen, []int{2}) || lost == 1 && seen != nil {
			s.w.t.Errorf("event %d was placed %d times, lost %d times, and seen %v times by generations; want both listeners of one, or none", i, placed, lost, seen)
		}
	}
	last := len(s.gens) - 1
	for n, gen := range s.gens {
		if gen.InFlight() != 0 {
			s.w.t.Errorf("InFlight() = %d of %v; want 0", gen.InFlight(), gen)
		}
		if n < last || s.refuses {
			s.wantDrained(gen, true)
		}
	}
	if st := s.Stats(); st.InFlight != 0 || st.Held != 0 || st.Waiting != 0 || int(st.Calls) != len(s.calls) {
		s.w.t.Errorf("Stats() = %+v; want %d calls, and nothing left", st, len(s.calls))
	}
}
