package actors_test

import (
	"context"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestKey_goexit ends the goroutine that reads the connection in the Key of a
// route. The call fails, and another goroutine reads on.
func TestKey_goexit_ofEveryDialect(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
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
					one := func(context.Context, wire.Empty) (int, error) { return 1, nil }
					cogs.HandleWith(r, "keyed", cogs.RouteOptions[wire.Empty]{Key: key}, one)
					cogs.Handle(r, "plain", one)
					cogs.Handle(r, "through", func(ctx context.Context, _ wire.Empty) (int, error) {
						return cogs.Call(ctx, wire.Route[wire.Empty, int]("keyed"), wire.Empty{})
					})
					return nil
				}})
				if err != nil {
					t.Fatal(err)
				}
				p := known(t, srv, dialect)
				ask := func(endpoint, want string) {
					t.Helper()
					call := `{"id":1,"call":"` + endpoint + `"}`
					if dialect == "ipcx" {
						call = envelope(endpoint, "{}")
					}
					if got := p.ask(call); !strings.Contains(got, want) {
						t.Errorf("%s = %s; want %s in it", endpoint, got, want)
					}
				}
				failed, ok := `"err":{"code":"internal"`, `"ok":1`
				if dialect == "ipcx" {
					failed, ok = `"code": 500}`, "1"
				}
				for range 3 {
					ask("keyed", failed)
					ask("plain", ok)
					ask("through", failed)
					ask("plain", ok)
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
		})
	}
}
