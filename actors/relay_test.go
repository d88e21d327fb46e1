package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// TestRollback asks a cog without builds to go back to one, and one with builds.
func TestRollback(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		builds := 0
		srv, _ := cogtest.Start(t, cogs.Single("plain", func(context.Context, wire.Empty) (int, error) { return 1, nil }),
			cogs.Cog{Name: "built", Setup: func(_ context.Context, r *cogs.Registrar) error {
				if r.Reason() != cogs.Rollback {
					builds++
				} else {
					builds--
				}
				(*instance.Recorder)(r).Revision(fmt.Sprint("build ", builds), time.Second)
				return nil
			}})
		back := &actors.ReloadOptions{Rollback: true}
		if _, err := srv.Reload(t.Context(), "plain", back); err == nil || !strings.Contains(err.Error(), "no build to go back to") {
			t.Errorf("Reload(plain, Rollback) = %v; want an error", err)
		}
		if got := srv.Cogs()[0].LastError; got != "" {
			t.Errorf("the last error of plain = %q; want none: it was refused, and is well", got)
		}
		if d, err := srv.Reload(t.Context(), "built", nil); err != nil || d.Revision != "build 2" || d.Built != 1000 {
			t.Errorf("Reload(built) = %+v, %v; want build 2, made in 1,000 ms", d, err)
		}
		if d, err := srv.Reload(t.Context(), "built", back); err != nil || d.Revision != "build 1" {
			t.Errorf("Reload(built, Rollback) = %+v, %v; want build 1", d, err)
		}
		if s := srv.Cogs()[1]; s.Revision != "build 1" {
			t.Errorf("Cogs()[1] = %+v; want build 1", s)
		}
	})
}

// TestRelay relays calls to handlers that answer at once, later, wrongly, twice or too
// late.
func TestRelay(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		later := make(chan func([]byte, error), 1)
		srv, bot := cogtest.Start(t, cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			(*instance.Recorder)(r).Relay("now", 0, func(_ context.Context, data []byte, done func([]byte, error)) { done(data, nil) })
			(*instance.Recorder)(r).Relay("error", 0, func(_ context.Context, _ []byte, done func([]byte, error)) {
				done(nil, wire.Errorf("no_money", "none"))
				done([]byte("1"), nil)
			})
			(*instance.Recorder)(r).Relay("garbage", 0, func(_ context.Context, _ []byte, done func([]byte, error)) { done([]byte(`{"a":`), nil) })
			(*instance.Recorder)(r).Relay("panic", 0, func(context.Context, []byte, func([]byte, error)) { panic("boom") })
			(*instance.Recorder)(r).Relay("later", time.Second, func(_ context.Context, _ []byte, done func([]byte, error)) { later <- done })
			return nil
		}})
		for _, c := range []struct {
			endpoint string
			data     any
			code     wire.Code
		}{{"now", map[string]int{"a": 1}, ""}, {"error", nil, "no_money"}, {"garbage", nil, wire.Internal}, {"panic", nil, wire.Internal}} {
			got, err := bot.Request(t.Context(), c.endpoint, c.data)
			if wire.CodeOf(err) != c.code || err == nil && string(got) != `{"a":1}` {
				t.Errorf("Request(%s) = %s, %v; want code %q", c.endpoint, got, err, c.code)
			}
		}
		if _, err := bot.Request(t.Context(), "later", nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Request(later) = %v; want its time limit", err)
		}
		if got := srv.Cogs()[0].InFlight; got != 1 {
			t.Errorf("%d calls in flight; want the one whose handler has not returned", got)
		}
		_, err := srv.Reload(t.Context(), "c", nil)
		if err != nil || !strings.Contains(srv.Cogs()[0].State, "serving") {
			t.Errorf("Reload = %v; want the switch", err)
		}
		(<-later)([]byte("1"), nil)
		synctest.Wait()
		if got := srv.Cogs()[0].InFlight; got != 0 {
			t.Errorf("%d calls in flight; want none", got)
		}
	})
}
