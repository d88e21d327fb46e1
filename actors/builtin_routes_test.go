package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestOwnCog calls the built-in routes, as an admin and without that right.
func TestOwnCog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		if err := srv.Load(t.Context(), cogs.Single("single", func(context.Context, wire.Empty) (int, error) { return 1, nil })); err != nil {
			t.Fatal(err)
		}
		everyday := known(t, srv, protocol.Subprotocol)
		admin := dialPeer(t, srv, protocol.Subprotocol)
		admin.shakeHands(adminSecret)
		id := 0
		ask := func(p *peer, route, data string) string {
			id++
			return p.ask(fmt.Sprintf(`{"id":%d,"call":%q,"data":%s}`, id, route, data))
		}
		for _, route := range []string{"cogbus.load", "cogbus.unload", "cogbus.reload", "cogbus.kill"} {
			for _, name := range []string{"target", "cogbus", "nothing"} {
				if got := ask(everyday, route, `{"name":"`+name+`"}`); !strings.Contains(got, `"err":{"code":"forbidden"`) {
					t.Errorf("%s %s by anybody = %s; want forbidden", route, name, got)
				}
			}
		}
		for _, c := range []struct{ route, data, want string }{
			{"cogbus.ping", "null", `"ok":{}`},
			{"cogbus.routes", "null", `"endpoint":"single","cog":"single"`},
			{"cogbus.cogs", "null", `"name":"target","state":"serving","generation":1`},
			{"cogbus.load", `{"name":"target"}`, `"err":{"code":"conflict"`},
			{"cogbus.load", `{"name":"unheard of"}`, `"err":{"code":"not_found"`},
			{"cogbus.unload", `{"name":"unheard of"}`, `"err":{"code":"not_found"`},
			{"cogbus.reload", `{"name":"unheard of"}`, `"err":{"code":"not_found"`},
			{"cogbus.reload", `{"name":7}`, `"err":{"code":"bad_request"`},
			{"cogbus.kill", `{"name":"unheard of"}`, `"err":{"code":"not_found"`},
			{"cogbus.unload", `{"name":"cogbus"}`, `"err":{"code":"forbidden"`},
			{"cogbus.kill", `{"name":"cogbus"}`, `"err":{"code":"forbidden"`},
			{"cogbus.load", `{"name":"cogbus"}`, `"err":{"code":"forbidden"`},
			{"cogbus.reload", `{"name":"target","fresh":true}`, `"ok":{"cog":"target","from":1,"to":2`},
			{"cogbus.unload", `{"name":"target"}`, `"ok":{"cog":"target"`},
			{"echo", `1`, `"err":{"code":"no_route"`},
			{"cogbus.load", `{"name":"target"}`, `"ok":{"cog":"target"`},
			{"echo", `1`, `"ok":1`},
		} {
			if got := ask(admin, c.route, c.data); !strings.Contains(got, c.want) {
				t.Errorf("%s %s = %s; want %s", c.route, c.data, got, c.want)
			}
		}
	})
}

// TestOwnCog_reasons checks that an admin sees why a cog does not load again.
func TestOwnCog_reasons(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		broken := false
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(context.Context, *cogs.Registrar) error {
			if broken {
				return errors.New("no database")
			}
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		admin := dialPeer(t, srv, "ipcx")
		broken = true
		got := admin.ask(strings.Replace(envelope("cogbus.reload", `{"name":"c"}`), secret, adminSecret, 1))
		if !strings.Contains(got, "no database") {
			t.Errorf("reload = %s; want the reason", got)
		}
	})
}

// TestCall_panicsTooLate panics in a handler after its caller has got a timeout.
func TestCall_panicsTooLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		srv := newServer(t, optionsWith(log))
		err := srv.Load(t.Context(), cogs.Single("late", func(ctx context.Context, _ wire.Empty) (int, error) {
			<-ctx.Done()
			time.Sleep(time.Second)
			panic("too late")
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, dialect := range dialects {
			p := known(t, srv, dialect)
			call, want := envelope("late", "{}"), `"code": 408}`
			if dialect != "ipcx" {
				call, want = `{"id":1,"call":"late","ms":50}`, `"timeout"`
			}
			if got := p.ask(call); !strings.Contains(got, want) {
				t.Errorf("%s: a call = %s; want %s", dialect, got, want)
			}
			time.Sleep(2 * time.Second)
			if len(p.frames) != 0 {
				t.Errorf("%s: the server sent %v besides", dialect, <-p.frames)
			}
		}
		if got := srv.Cogs()[1].Panics; got != 2 || strings.Count(log.String(), "panic: too late") != 2 {
			t.Errorf("%d panics are counted and the log is %.300s; want both in both", got, log)
		}
	})
}
