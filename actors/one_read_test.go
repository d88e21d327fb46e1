package actors_test

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestReader_callsOfOneRead sends many calls of a route at once. Its handlers were quick,
// so the reader begins to run them itself. Now they are slow, so the reader leaves most of
// them to workers. All calls must be answered, with each kind of message behind them.
func TestReader_callsOfOneRead(t *testing.T) {
	const (
		calls = 70 // more than the server reads ahead for a Python client; all fit in one read
		key   = "k"
	)
	for _, dialect := range dialects {
		for _, behind := range []string{"nothing", "half a message", "a Close"} {
			if dialect == protocol.Subprotocol && behind == "a Close" {
				continue // this message cancels the calls
			}
			t.Run(dialect+", then "+behind, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					slow := new(atomic.Bool)
					cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
						cogs.Handle(r, "r", func(context.Context, wire.Empty) (string, error) {
							if slow.Load() {
								time.Sleep(700 * time.Microsecond)
							}
							return "done", nil
						})
						return nil
					}}
					srv := newServer(t, &actors.Options{Secret: key})
					if err := srv.Load(t.Context(), cog); err != nil {
						t.Fatal(err)
					}
					p := dialPeer(t, srv, dialect)
					if dialect == protocol.Subprotocol {
						p.shakeHands(key)
					}
					request := func(id int) string {
						if dialect == protocol.Subprotocol {
							return fmt.Sprintf(`{"id":%d,"call":"r"}`, id)
						}
						return fmt.Sprintf(`{"endpoint":"r","headers":{"Authorization":%q}}`, key)
					}
					for n := range 10 {
						p.ask(request(n + 1))
					}
					slow.Store(true)
					var read []byte
					for n := range calls {
						read = append(read, frameOf(0x80|opText, request(n+1))...)
					}
					switch behind {
					case "half a message":
						last := frameOf(0x80|opText, request(calls+1))
						read = append(read, last[:len(last)/2]...)
					case "a Close":
						read = append(read, frameOf(0x80|opClose, "\x03\xe8")...)
					}
					began := time.Now()
					p.write(read)
					for n := range calls {
						if got := p.answer(); !strings.Contains(got, "done") {
							t.Fatalf("answer %d = %.200s; want a result", n+1, got)
						}
					}
					if took, most := time.Since(began), 200*time.Millisecond; took > most {
						t.Errorf("%d answers took %v; want at most %v", calls, took, most)
					}
				})
			})
		}
	}
}
