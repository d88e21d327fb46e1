package actors_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

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
