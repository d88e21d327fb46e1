package actors_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// statsOf returns the bot's counters of a cog.
func statsOf(t *testing.T, bot *client.Client, name string) admin.CogStats {
	t.Helper()
	for _, c := range mustCall(t, bot, admin.Stats, wire.Empty{}).Cogs {
		if c.Name == name {
			return c
		}
	}
	t.Fatalf("Call(%s) tells nothing of cog %q", admin.Stats, name)
	panic("unreachable")
}

// numbers are the counts of admin.CogStats.
type numbers struct {
	Calls                   uint64
	Refused                 map[wire.Code]uint64
	InFlight, Waiting, Held int
}

func wantNumbers(t *testing.T, bot *client.Client, when string, want numbers) {
	t.Helper()
	synctest.Wait()
	s := statsOf(t, bot, "c")
	if len(want.Refused) == 0 {
		want.Refused = nil
	}
	if diff := cmp.Diff(want, numbers{s.Calls, s.Refused, s.InFlight, s.Waiting, s.Held}); diff != "" {
		t.Errorf("what is counted %s differs from what is wanted (-want +got):\n%s", when, diff)
	}
}

// begin makes calls of a route, in order, and does not wait for them.
func begin(ctx context.Context, work *sync.WaitGroup, bot *client.Client, route wire.Route[wire.Empty, int], calls int) {
	for range calls {
		work.Go(func() { _, _ = client.Call(ctx, bot, route, wire.Empty{}) })
		synctest.Wait()
	}
}

// TestStats_readAhead has a client of the Python package's dialect leave with
// requests that have not begun.
func TestStats_readAhead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, cogs.Single(block, func(ctx context.Context, _ wire.Empty) (int, error) {
			<-ctx.Done()
			return 1, ctx.Err()
		}))
		p := dialPeer(t, srv, "ipcx")
		for range 5 {
			p.say(strings.Replace(envelope(string(block), "{}"), secret, "secret", 1))
		}
		synctest.Wait()
		p.leave()
		time.Sleep(time.Minute)
		s := statsOf(t, bot, string(block))
		if want := map[wire.Code]uint64{wire.Canceled: 4}; s.Calls != 5 || cmp.Diff(want, s.Refused) != "" || s.InFlight != 0 {
			t.Errorf("%d calls are counted, %v refused, %d in flight; want 5, %v and none", s.Calls, s.Refused, s.InFlight, want)
		}
	})
}

// TestStats_times has handlers take 10 ms, and a queue of them: the first call and
// each eighth behind it is timed.
func TestStats_times(t *testing.T) {
	const took = 10 * time.Millisecond
	// where the bucket of a time ends
	bucket := func(d time.Duration) (least, most time.Duration) { return d, d + d/16 }
	for name, c := range map[string]struct {
		options cogs.RouteOptions[wire.Empty]
		waits   []time.Duration // of the first call, and the ninth and the seventeenth
	}{
		"parallel": {waits: []time.Duration{0, 0, 0}},
		"serial":   {options: cogs.RouteOptions[wire.Empty]{Serial: true}, waits: []time.Duration{0, 8 * took, 16 * took}},
	} {
		synctest.Test(t, func(t *testing.T) {
			_, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				cogs.HandleWith(r, one, c.options, func(context.Context, wire.Empty) (int, error) { time.Sleep(took); return 1, nil })
				return nil
			}})
			var work sync.WaitGroup
			begin(t.Context(), &work, bot, one, 17)
			work.Wait()
			synctest.Wait()
			s := statsOf(t, bot, "c")
			if s.Calls != 17 || s.Queue.Count != 3 || s.Handler.Count != 3 {
				t.Errorf("%s: %d calls, %d and %d of them timed; want 17, and 3", name, s.Calls, s.Queue.Count, s.Handler.Count)
			}
			if least, most := bucket(took); len(s.Handler.Buckets) != 1 || s.Handler.Buckets[0].Upper < least || s.Handler.Buckets[0].Upper > most {
				t.Errorf("%s: handlers took %v; want %v to %v", name, s.Handler.Buckets, least, most)
			}
			var waits []time.Duration
			for _, b := range s.Queue.Buckets {
				for range b.Count {
					waits = append(waits, b.Upper)
				}
			}
			for i, want := range c.waits {
				least, most := bucket(want)
				if most = max(most, 128); i >= len(waits) || waits[i] < least || waits[i] > most {
					t.Errorf("%s: the waits are up to %v; want the one at %d to be %v to %v", name, waits, i, least, most)
				}
			}
		})
	}
}

// TestStats_ofTheProgram reads the counters that belong to no cog, and looks for the
// server's own cog.
func TestStats_ofTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		var names []string
		got := known(t, srv, protocol.Subprotocol).ask(`{"id":1,"call":"cogbus.stats"}`)
		if !strings.Contains(got, `"ok":{"time":"`) { // every caller may ask
			t.Errorf("cogbus.stats = %s; want them", got)
		}
		bot, err := client.New("ws://bot", &client.Options{Secret: secret, DialContext: srv.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer bot.Close()
		s := mustCall(t, bot, admin.Stats, wire.Empty{})
		for _, c := range s.Cogs {
			names = append(names, c.Name)
		}
		if fmt.Sprint(names) != "[target]" || !s.Time.Equal(time.Now()) || s.Goroutines < 5 || s.Heap < 1<<16 {
			t.Errorf("Call(%s) = %+v; want it now, of target, with goroutines and a heap", admin.Stats, s)
		}
		sum, before := uint64(0), time.Duration(-1)
		for _, b := range s.GCPauses.Buckets {
			if sum += b.Count; b.Upper <= before || b.Count == 0 {
				t.Errorf("the buckets %v do not rise, or hold nothing", s.GCPauses.Buckets)
			}
			before = b.Upper
		}
		if sum != s.GCPauses.Count {
			t.Errorf("%d pauses are counted, %d in buckets", s.GCPauses.Count, sum)
		}
	})
}

// TestStats_lastSwitches reloads more often than stats remembers, and not always with
// success. An unload forgets all switches.
func TestStats_lastSwitches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var broken atomic.Bool
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			handleOne(r)
			if broken.Load() {
				panic("no database")
			}
			return nil
		}})
		for range 40 {
			broken.Store(true)
			if _, err := srv.Reload(t.Context(), "c", nil); err == nil {
				t.Error("Reload of what panics succeeded")
			}
			broken.Store(false)
			if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
				t.Errorf("Reload failed: %v", err)
			}
		}
		mustCall(t, bot, one, wire.Empty{})
		s := statsOf(t, bot, "c")
		if len(s.Switches) != 32 || s.Switches[0].To != 10 || s.Switches[31].To != 41 || s.Calls != 1 {
			t.Errorf("the switches are %+v, of %d calls; want the last 32 to generation 41, and 1", s.Switches, s.Calls)
		}
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Errorf("Unload failed: %v", err)
		}
		mustCall(t, bot, admin.Load, admin.CogName{Name: "c"})
		if s := statsOf(t, bot, "c"); s.Calls != 0 || len(s.Switches) != 0 {
			t.Errorf("a cog that was loaded again has %d calls and the switches %v; want none", s.Calls, s.Switches)
		}
	})
}
