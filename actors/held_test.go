package actors_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

const block wire.Route[wire.Empty, int] = "block"

// hold begins a call of the route block and, behind it, a reload of the cog "c". The
// reload holds further calls until that call ends. hold returns the reload's outcome.
func hold(t *testing.T, srv *actors.Server, bot *client.Client) <-chan error {
	go func() { _, _ = client.Call(t.Context(), bot, block, wire.Empty{}) }()
	synctest.Wait()
	outcome := make(chan error, 1)
	go func() {
		_, err := srv.Reload(t.Context(), "c", nil)
		outcome <- err
	}()
	synctest.Wait()
	return outcome
}

// TestReload_holdsMoreThanMaxInFlight holds more calls than the cog may have in flight,
// and events that become two calls each. All are served, since they were let in before.
func TestReload_holdsMoreThanMaxInFlight(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		host := source{new([]*subscriber)}
		var seen atomic.Int64
		release := make(chan struct{})
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", MaxInFlight: 10, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			cogs.Handle(r, one, func(context.Context, wire.Empty) (int, error) { time.Sleep(time.Millisecond); return 1, nil })
			for range 2 {
				(*instance.Recorder)(r).Listen(host, "join", func([]byte) string { return "" }, func(context.Context, []byte) error {
					time.Sleep(time.Millisecond)
					seen.Add(1)
					return nil
				})
			}
			return nil
		}})
		outcome := hold(t, srv, bot)
		var calls sync.WaitGroup
		for n := range 50 { // a hundred each second, each takes a millisecond
			calls.Go(func() { mustCall(t, bot, one, wire.Empty{}) })
			host.emit("join", n)
			time.Sleep(10 * time.Millisecond)
		}
		close(release)
		calls.Wait()
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		time.Sleep(time.Second)
		if got := seen.Load(); got != 100 {
			t.Errorf("the two listeners saw %d events; want 50 each", got)
		}
	})
}

// TestReload_heldCallsKeepTheirTime holds calls of routes with time limits that
// are longer and shorter than usual.
func TestReload_heldCallsKeepTheirTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		sleep := func(ctx context.Context, q time.Duration) (int, error) {
			select {
			case <-time.After(q):
				return 1, nil
			case <-ctx.Done():
				return 0, ctx.Err()
			}
		}
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Timeout: 10 * time.Minute, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			cogs.Handle(r, "long", sleep)
			cogs.HandleWith(r, "short", cogs.RouteOptions[time.Duration]{Timeout: time.Second}, sleep)
			return nil
		}})
		outcome := hold(t, srv, bot)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		var calls sync.WaitGroup
		calls.Go(func() {
			if got, err := client.Call(ctx, bot, wire.Route[time.Duration, int]("long"), time.Minute); got != 1 || err != nil {
				t.Errorf("Call(long) = %d, %v; want 1 after a minute", got, err)
			}
		})
		calls.Go(func() {
			began := time.Now()
			if _, err := client.Call(ctx, bot, wire.Route[time.Duration, int]("short"), 0); wire.CodeOf(err) != wire.Timeout || time.Since(began) != time.Second {
				t.Errorf("Call(short) = %v after %v; want %s after the route's second", err, time.Since(began), wire.Timeout)
			}
		})
		time.Sleep(2 * time.Second)
		close(release)
		calls.Wait()
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
	})
}

// TestReload_rolledBack_takesNoRouteAway makes calls during a reload that is rolled
// back in the end: of a route that only the old instance has, and of one that only the
// new one has.
func TestReload_rolledBack_takesNoRouteAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		defer close(release)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(ctx context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			name := wire.Route[wire.Empty, int]("new")
			if cogs.CallInfo(ctx).Generation == 1 {
				name = "old"
			}
			cogs.Handle(r, name, func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}})
		outcome := hold(t, srv, bot)
		var calls sync.WaitGroup
		calls.Go(func() {
			if got := mustCall[wire.Empty, int](t, bot, "old", wire.Empty{}); got != 1 {
				t.Errorf("Call(old) during the reload = %d; want 1", got)
			}
		})
		calls.Go(func() {
			if _, err := bot.Request(t.Context(), "new", nil); wire.CodeOf(err) != wire.NoRoute {
				t.Errorf("Request(new) during the reload = %v; want %s", err, wire.NoRoute)
			}
		})
		calls.Wait()
		if err := <-outcome; err == nil || !strings.Contains(err.Error(), "generation 1 serves on") {
			t.Errorf("Reload = %v; want it rolled back", err)
		}
		if got := mustCall[wire.Empty, int](t, bot, "old", wire.Empty{}); got != 1 {
			t.Errorf("Call(old) after the reload = %d; want 1", got)
		}
		if routes := srv.Routes(); strings.Contains(fmt.Sprint(routes), "new") {
			t.Errorf("Routes() = %v; want none of the instance that was given up", routes)
		}
	})
}

// TestReload_switchesRoutes switches without state, so nothing can be rolled back.
// Routes that the new instance does not have are gone.
func TestReload_switchesRoutes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(ctx context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			if cogs.CallInfo(ctx).Generation == 1 {
				handleOne(r)
			}
			return nil
		}})
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Fatal(err)
		}
		if _, err := client.Call(t.Context(), bot, one, wire.Empty{}); wire.CodeOf(err) != wire.NoRoute {
			t.Errorf("Call(one) = %v; want %s", err, wire.NoRoute)
		}
		if routes := fmt.Sprint(srv.Routes()); strings.Contains(routes, string(one)) {
			t.Errorf("Routes() = %s; want none of the old instance", routes)
		}
	})
}

// TestReload_keepsTheOrder reloads a cog without kept values while calls and events
// wait in its lanes. Their order stays the same.
func TestReload_keepsTheOrder(t *testing.T) {
	guild := func(i item) string { return i.Guild.String() }
	for name, c := range map[string]struct {
		serial  bool
		options cogs.RouteOptions[item]
		events  bool
	}{
		"serial cog":        {serial: true},
		"events of serial":  {serial: true, events: true},
		"serial route":      {options: cogs.RouteOptions[item]{Serial: true}},
		"key":               {options: cogs.RouteOptions[item]{Key: guild}},
		"key in serial cog": {serial: true, options: cogs.RouteOptions[item]{Key: guild}},
		"events":            {events: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				host := source{new([]*subscriber)}
				var running, peak atomic.Int64
				var mu sync.Mutex
				var seen []string
				work := func(ctx context.Context, i item) (int, error) {
					peak.Store(max(peak.Load(), running.Add(1)))
					time.Sleep(time.Second)
					running.Add(-1)
					mu.Lock()
					defer mu.Unlock()
					seen = append(seen, fmt.Sprintf("%d@%d", i.N, cogs.CallInfo(ctx).Generation))
					return i.N, nil
				}
				const route wire.Route[item, int] = "work"
				srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Serial: c.serial, Setup: func(_ context.Context, r *cogs.Registrar) error {
					cogs.HandleWith(r, route, c.options, work)
					(*instance.Recorder)(r).Listen(host, "join", func(data []byte) string {
						var i item
						_ = json.Unmarshal(data, &i)
						return guild(i)
					}, func(ctx context.Context, data []byte) error {
						var i item
						_ = json.Unmarshal(data, &i)
						_, err := work(ctx, i)
						return err
					})
					return nil
				}})
				do := func(n int) {
					if c.events {
						host.emit("join", n)
					} else {
						send(t, bot, route, []item{{Guild: wire.Snowflake(n % 3), N: n}})
					}
				}
				do(0)
				do(3)
				go func() {
					if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
						t.Errorf("Reload failed: %v", err)
					}
				}()
				synctest.Wait()
				do(6)
				do(9)
				time.Sleep(10 * time.Second)
				mu.Lock()
				defer mu.Unlock()
				if got, want := strings.Join(seen, " "), "0@1 3@1 6@2 9@2"; got != want || peak.Load() != 1 {
					t.Errorf("there ran %s, %d at once; want %s, one at a time", got, peak.Load(), want)
				}
			})
		})
	}
}
