package actors_test

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestKill checks that a kill has the effect of a failed task: calls inside get one
// error, and the cog restarts with the last saved state and serves.
func TestKill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			n := 0
			cogs.Keep(r, "n", &n)
			cogs.HandleWith(r, next, cogs.RouteOptions[wire.Empty]{Serial: true}, func(context.Context, wire.Empty) (int, error) { n++; return n, nil })
			cogs.Handle(r, block, func(ctx context.Context, _ wire.Empty) (int, error) { <-ctx.Done(); return 0, ctx.Err() })
			return nil
		}}, cogs.Single("neighbour", func(context.Context, wire.Empty) (string, error) { return "well", nil }))
		kill := func() { t.Helper(); mustCall(t, bot, admin.Kill, admin.CogName{Name: "c"}) }
		for range 3 {
			mustCall(t, bot, next, wire.Empty{})
		}
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		mustCall(t, bot, next, wire.Empty{}) // a 4 that was never saved
		var inside sync.WaitGroup
		for range 3 {
			inside.Go(func() {
				if _, err := client.Call(t.Context(), bot, block, wire.Empty{}); wire.CodeOf(err) != wire.Interrupted {
					t.Errorf("a call inside = %v; want %s", err, wire.Interrupted)
				}
			})
		}
		synctest.Wait()
		kill()
		if s := srv.Cogs()[0]; s.State != "restarting" || s.Restarts != 1 {
			t.Errorf("Cogs()[0] behind the kill = %+v; want it to restart", s)
		}
		inside.Wait()
		if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(kill) of a cog that restarts = %v; want %s", err, wire.Unavailable)
		}
		_, err := client.Call(t.Context(), bot, next, wire.Empty{})
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Code != wire.Unavailable || e.RetryAfter <= 0 {
			t.Errorf("Call(next) of a cog that restarts = %v; want %s with the time of the next try", err, wire.Unavailable)
		}
		if got := mustCall[wire.Empty, string](t, bot, "neighbour", wire.Empty{}); got != "well" {
			t.Errorf("Call(neighbour) = %q; want well", got)
		}
		time.Sleep(200 * time.Millisecond)
		if got := mustCall(t, bot, next, wire.Empty{}); got != 4 {
			t.Errorf("Call(next) after the restart = %d; want 4, behind what the reload saved", got)
		}
		if s := srv.Cogs()[0]; s.State != "serving" || s.Generation != 3 || s.Restarts != 1 || s.LastError != "task: killed for a test" {
			t.Errorf("Cogs()[0] = %+v; want generation 3 after one restart, and why", s)
		}

		for range 7 { // a kill counts with the other failures, and the eighth in a row is the last
			kill()
			time.Sleep(40 * time.Second)
		}
		if s := srv.Cogs()[0]; s.State != "failed" || s.Restarts != 8 {
			t.Errorf("Cogs()[0] after 8 kills = %+v; want failed", s)
		}
		if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(kill) of a failed cog = %v; want %s", err, wire.Unavailable)
		}
		if _, err := srv.Reload(t.Context(), "c", nil); err != nil {
			t.Errorf("Reload of a failed cog = %v; want it revived", err)
		}
		mustCall(t, bot, next, wire.Empty{})
	})
}

// TestKill_whileItSwitches asks while a reload drains, then kills twice at a time.
func TestKill_whileItSwitches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Keep(r, "n", new(int))
			cogs.Handle(r, block, func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			return nil
		}})
		outcome := hold(t, srv, bot)
		if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); wire.CodeOf(err) != wire.Unavailable {
			t.Errorf("Call(kill) of a cog that is being reloaded = %v; want %s", err, wire.Unavailable)
		}
		close(release)
		if err := <-outcome; err != nil {
			t.Errorf("Reload failed: %v", err)
		}
		var work sync.WaitGroup
		for range 2 { // one of them kills, and the other one kills too or is refused
			work.Go(func() {
				if _, err := client.Call(t.Context(), bot, admin.Kill, admin.CogName{Name: "c"}); err != nil && wire.CodeOf(err) != wire.Unavailable {
					t.Errorf("Call(kill) beside another = %v; want none, or %s", err, wire.Unavailable)
				}
			})
		}
		work.Wait()
		time.Sleep(time.Second)
		if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 {
			t.Errorf("Cogs()[0] = %+v; want it to serve after one restart", s)
		}
	})
}

// TestKill_fromInside has a handler kill its own cog. The handler is interrupted with
// the others, and the kill does not wait for it.
func TestKill_fromInside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		told := make(chan error, 1)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "end", func(ctx context.Context, _ wire.Empty) (int, error) {
				_, err := cogs.Call(context.WithoutCancel(ctx), admin.Kill, admin.CogName{Name: "c"})
				told <- err
				return 1, nil
			})
			return nil
		}})
		if _, err := client.Call(t.Context(), bot, wire.Route[wire.Empty, int]("end"), wire.Empty{}); err != nil && wire.CodeOf(err) != wire.Interrupted {
			t.Errorf("Call(end) = %v; want nothing, or %s", err, wire.Interrupted)
		}
		if err := <-told; err != nil {
			t.Errorf("Call(kill) from inside = %v; want nothing", err)
		}
		time.Sleep(time.Second)
		if s := srv.Cogs()[0]; s.State != "serving" || s.Restarts != 1 {
			t.Errorf("Cogs()[0] = %+v; want it to serve after one restart", s)
		}
	})
}

// TestKill_isLogged checks that the log names the caller of a kill.
func TestKill_isLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		srv := newServer(t, &actors.Options{Logger: log.logger()})
		admin := dialPeer(t, srv, protocol.Subprotocol)
		admin.shakeHands(adminSecret)
		if got := admin.ask(`{"id":1,"call":"cogbus.kill","data":{"name":"target"}}`); !strings.Contains(got, `"ok":{}`) {
			t.Errorf("cogbus.kill = %s; want nothing to say", got)
		}
		synctest.Wait()
		for _, want := range []string{`msg="cog is killed for a test" cog=target generation=1 caller=pipe`, `msg="cog failed and restarts" cog=target generation=1 err="task: killed for a test"`} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the log is %s; want %s in it", log, want)
			}
		}
	})
}
