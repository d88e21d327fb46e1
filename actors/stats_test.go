package actors_test

import (
	"context"
	"fmt"
	"math/rand/v2"
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
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// statsOf reads what the bot counts of a cog.
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

// begin makes calls of a route, in order, and waits for none.
func begin(ctx context.Context, work *sync.WaitGroup, bot *client.Client, route wire.Route[wire.Empty, int], calls int) {
	for range calls {
		work.Go(func() { _, _ = client.Call(ctx, bot, route, wire.Empty{}) })
		synctest.Wait()
	}
}

// TestStats_counts has calls be served and refused in every way.
func TestStats_counts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		release := make(chan struct{})
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", MaxInFlight: 10, MaxHeld: 3, DrainTimeout: time.Minute, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			handleOne(r)
			cogs.Handle(r, block, func(ctx context.Context, _ wire.Empty) (int, error) {
				select {
				case <-release:
				case <-ctx.Done():
				}
				return 1, ctx.Err()
			})
			cogs.HandleWith(r, "serial", cogs.RouteOptions[wire.Empty]{Serial: true, MaxWaiting: 2, Timeout: time.Second},
				func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil }) // it does not look at its context
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[item]{Key: func(i item) string { return i.Guild.String() }},
				func(_ context.Context, i item) (int, error) { return i.N, nil })
			cogs.Handle(r, "inside", func(ctx context.Context, _ wire.Empty) (int, error) { return cogs.Call(ctx, one, wire.Empty{}) })
			r.Every(time.Hour, func(context.Context) error { return nil })
			(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { return "" }, func(context.Context, []byte) error { return nil })
			return nil
		}})
		refused := map[wire.Code]uint64{}
		calls := uint64(0)
		now := func(inFlight, waiting, held int) numbers { return numbers{calls, refused, inFlight, waiting, held} }

		for range 20 {
			mustCall(t, bot, one, wire.Empty{})
		}
		calls += 20
		wantNumbers(t, bot, "of calls that are served", now(0, 0, 0))

		mustCall(t, bot, wire.Route[wire.Empty, int]("inside"), wire.Empty{})
		calls += 2
		time.Sleep(time.Hour)
		host.emit("join", 1)
		wantNumbers(t, bot, "of a call from inside, a tick and an event", now(0, 0, 0))

		if _, err := bot.Request(t.Context(), "keyed", "no item"); wire.CodeOf(err) != wire.BadRequest {
			t.Errorf("Request(keyed) = %v; want %s", err, wire.BadRequest)
		}
		calls++
		refused[wire.BadRequest]++
		wantNumbers(t, bot, "of a request that has no key", now(0, 0, 0))

		var work sync.WaitGroup
		ctx, cancel := context.WithCancel(t.Context())
		begin(t.Context(), &work, bot, "serial", 2)
		begin(ctx, &work, bot, "serial", 1)
		begin(t.Context(), &work, bot, "serial", 1)
		calls += 4
		refused[wire.Overloaded]++
		wantNumbers(t, bot, "of a full lane", now(3, 2, 0))
		cancel()
		refused[wire.Canceled]++
		wantNumbers(t, bot, "of a call that was given up in a lane", now(2, 1, 0))
		time.Sleep(time.Second)
		work.Wait()
		refused[wire.Timeout]++ // of the one that waited
		wantNumbers(t, bot, "of calls whose time is over", now(1, 0, 0))
		close(release)
		wantNumbers(t, bot, "when the one that ran has returned", now(0, 0, 0))
		release = make(chan struct{})

		begin(t.Context(), &work, bot, block, 11)
		calls += 11
		refused[wire.Overloaded]++
		wantNumbers(t, bot, "of a full cog", now(10, 0, 0))

		outcome := make(chan error, 1)
		go func() {
			_, err := srv.Reload(t.Context(), "c", nil)
			outcome <- err
		}()
		synctest.Wait()
		ctx, cancel = context.WithCancel(t.Context())
		begin(ctx, &work, bot, one, 1)
		begin(t.Context(), &work, bot, one, 3)
		calls += 4
		refused[wire.Overloaded]++
		wantNumbers(t, bot, "of calls that are held", now(13, 0, 3))
		cancel()
		refused[wire.Canceled]++
		wantNumbers(t, bot, "of one that was given up meanwhile", now(12, 0, 2))
		time.Sleep(100 * time.Millisecond)
		close(release)
		work.Wait()
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		wantNumbers(t, bot, "after a reload", now(0, 0, 0))

		release = make(chan struct{})
		begin(t.Context(), &work, bot, block, 2)
		begin(t.Context(), &work, bot, "serial", 3)
		calls += 5
		wantNumbers(t, bot, "before the kill", now(5, 2, 0))
		mustCall(t, bot, admin.Kill, admin.CogName{Name: "c"})
		work.Wait()
		refused[wire.Interrupted] += 2 // those that waited
		if _, err := client.Call(t.Context(), bot, one, wire.Empty{}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(one) of a cog that restarts = %v; want %s", err, wire.Unavailable)
		}
		calls++
		refused[wire.Unavailable]++
		wantNumbers(t, bot, "of a cog that restarts", now(1, 0, 0))
		time.Sleep(5 * time.Second)
		mustCall(t, bot, one, wire.Empty{})
		calls++
		wantNumbers(t, bot, "after the restart, with a handler of before", now(1, 0, 0))
		close(release)
		wantNumbers(t, bot, "when that has returned", now(0, 0, 0))

		s := statsOf(t, bot, "c").Switches
		if len(s) != 2 || s[0].From != 1 || s[0].To != 2 || s[0].Held != 3 || s[0].Paused < 100 || s[1].From != 2 || s[1].To != 3 || s[1].Took < 100 || !s[0].At.Before(s[1].At) {
			t.Errorf("the switches are %+v; want the reload that held 3 calls, then the restart", s)
		}
	})
}

// TestStats_underLoad calls, gives calls up, reloads and kills at random: each
// call has reached its handler or was refused.
func TestStats_underLoad(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ran atomic.Uint64
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", MaxInFlight: 12, MaxHeld: 4, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			work := func(ctx context.Context, i item) (int, error) {
				ran.Add(1)
				select {
				case <-time.After(time.Duration(i.N) * time.Millisecond):
				case <-ctx.Done():
				}
				return 1, ctx.Err()
			}
			cogs.Handle(r, "plain", work)
			cogs.HandleWith(r, "serial", cogs.RouteOptions[item]{Serial: true, MaxWaiting: 4}, work)
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[item]{Key: func(i item) string { return i.Guild.String() }}, work)
			return nil
		}})
		patient, err := client.New("ws://bot", &client.Options{Secret: "secret", DialContext: srv.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		defer patient.Close()
		for _, c := range []*client.Client{bot, patient} { // or a call may end before it is sent
			mustCall(t, c, admin.Ping, wire.Empty{})
		}
		var made atomic.Uint64
		var work sync.WaitGroup
		for n := range 16 {
			random := rand.New(rand.NewPCG(1, uint64(n)))
			work.Go(func() {
				for range 200 {
					route := wire.Route[item, int]([]string{"plain", "serial", "keyed"}[random.IntN(3)])
					i := item{Guild: wire.Snowflake(random.IntN(3)), N: random.IntN(5)}
					made.Add(1)
					if n%2 == 0 { // it gives up, but not before its call is sent
						ctx, cancel := context.WithTimeout(t.Context(), time.Duration(1+random.IntN(10))*time.Millisecond)
						_, _ = client.Call(ctx, bot, route, i)
						cancel()
					} else {
						_, _ = client.Call(t.Context(), patient, route, i)
					}
					time.Sleep(time.Duration(random.IntN(2000)) * time.Microsecond)
				}
			})
		}
		work.Go(func() {
			for n := range 20 {
				time.Sleep(50 * time.Millisecond)
				if n%4 == 3 {
					mustCall(t, bot, admin.Kill, admin.CogName{Name: "c"})
					time.Sleep(time.Second)
				} else if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
					t.Errorf("Reload failed: %v", err)
				}
			}
		})
		work.Wait()
		synctest.Wait()
		s := statsOf(t, bot, "c")
		refused := uint64(0)
		for _, n := range s.Refused {
			refused += n
		}
		if s.Calls != made.Load() || ran.Load()+refused != s.Calls {
			t.Errorf("%d calls were made and %d reached a handler; %d are counted, %v of them refused", made.Load(), ran.Load(), s.Calls, s.Refused)
		}
		if ran.Load() == 0 || s.Refused[wire.Overloaded] == 0 || s.Refused[wire.Unavailable] == 0 || s.InFlight+s.Waiting+s.Held != 0 {
			t.Errorf("%d calls ran, %v were refused, and %d, %d and %d are in flight, waiting and held; want some of each, and none left", ran.Load(), s.Refused, s.InFlight, s.Waiting, s.Held)
		}
	})
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

// TestStats_ofTheProgram reads what is not of a cog, and of the server's own cog.
func TestStats_ofTheProgram(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		var names []string
		got := known(t, srv, protocol.Subprotocol).ask(`{"id":1,"call":"cogbus.stats"}`)
		if !strings.Contains(got, `"ok":{"time":"`) { // to anybody
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

// TestStats_lastSwitches reloads more often than is remembered, and not always
// with success; an unload forgets all.
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
