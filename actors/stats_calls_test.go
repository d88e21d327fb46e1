package actors_test

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestStats_counts makes calls that are served, and calls that are refused, in every
// way.
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
		refused[wire.Timeout]++ // of the call that waited
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
		refused[wire.Interrupted] += 2 // of the calls that waited
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

// TestStats_underLoad calls, gives calls up, reloads and kills at random. Each call has
// reached its handler or was refused.
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
					if n%2 == 0 { // the caller gives up, but not before its call is sent
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
