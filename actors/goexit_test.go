package actors_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestKey_goexit ends the goroutine that reads the connection in the Key of a
// route. The call fails, and another goroutine reads on.
func TestKey_goexit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		var good atomic.Bool
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			key := func(wire.Empty) string {
				if !good.Load() {
					runtime.Goexit()
				}
				return ""
			}
			cogs.HandleWith(r, "keyed", cogs.RouteOptions[wire.Empty]{Key: key}, func(context.Context, wire.Empty) (int, error) { return 1, nil })
			cogs.Handle(r, "through", func(ctx context.Context, _ wire.Empty) (int, error) {
				return cogs.Call(ctx, wire.Route[wire.Empty, int]("keyed"), wire.Empty{})
			})
			handleOne(r)
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, protocol.Subprotocol)
		id := 0
		ask := func(endpoint, want string) {
			t.Helper()
			id++
			if got := p.ask(fmt.Sprintf(`{"id":%d,"call":%q}`, id, endpoint)); !strings.Contains(got, want) {
				t.Errorf("%s = %s; want %s in it", endpoint, got, want)
			}
		}
		const failed, ok = `"err":{"code":"internal"`, `"ok":1`
		for range 3 {
			ask("keyed", failed)
			ask("one", ok)
			ask("through", failed)
			ask("one", ok)
		}
		good.Store(true)
		ask("keyed", ok)
		ask("through", ok)
		synctest.Wait()
		for _, s := range srv.Cogs() {
			if s.InFlight != 0 {
				t.Errorf("Cogs() has %+v; want nothing in flight", s)
			}
		}
	})
}

// TestGoexit_countsAsAPanic ends the goroutine of a handler and of a Key: operators see
// panics, with the place.
func TestGoexit_countsAsAPanic(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		srv := newServer(t, &actors.Options{Secret: secret, Logger: log.logger()})
		if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "leaves", func(context.Context, wire.Empty) (int, error) { leaveHandler(); return 1, nil })
			cogs.HandleWith(r, "key", cogs.RouteOptions[wire.Empty]{Key: func(wire.Empty) string { leaveHandler(); return "" }},
				func(context.Context, wire.Empty) (int, error) { return 1, nil })
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, protocol.Subprotocol)
		for i, endpoint := range []string{"leaves", "key", "leaves"} {
			if got := p.ask(fmt.Sprintf(`{"id":%d,"call":%q}`, i+1, endpoint)); !strings.Contains(got, `"err":{"code":"internal"`) {
				t.Errorf("Call(%s) = %s; want internal", endpoint, got)
			}
			synctest.Wait()
			if got := panicsOf(srv, "c"); got != int64(i+1) {
				t.Errorf("Panics = %d after %d calls; want %d", got, i+1, i+1)
			}
		}
		if n := strings.Count(log.String(), "leaveHandler"); n < 3 {
			t.Errorf("the log names the place %d times; want 3:\n%s", n, log)
		}
	})
}

func leaveHandler() { runtime.Goexit() }

func panicsOf(srv *actors.Server, cog string) int64 {
	for _, s := range srv.Cogs() {
		if s.Name == cog {
			return s.Panics
		}
	}
	return -1
}
