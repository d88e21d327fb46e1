package actors_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/wire"
)

// A tempered request tells its Key, or its UnmarshalJSON, how to behave.
type tempered struct {
	M mood `json:"m"`
}

type mood struct{ What, Guild string }

// UnmarshalJSON hangs, panics or ends its goroutine while it decodes.
func (m *mood) UnmarshalJSON(text []byte) error {
	what, guild, _ := strings.Cut(strings.Trim(string(text), `"`), " ")
	if now, decodes := strings.CutPrefix(what, "decode-"); decodes {
		act(now)
	}
	m.What, m.Guild = what, guild
	return nil
}

// hanging holds a channel. When it is closed, the functions that hang go on.
var hanging atomic.Pointer[chan struct{}]

func act(mood string) {
	switch mood {
	case "hang":
		<-*hanging.Load()
	case "panic":
		panic("the Key panics")
	case "exit":
		runtime.Goexit()
	}
}

const byMood wire.Route[tempered, uint64] = "moods.work"

// moods is a cog with a keyed route, and one beside it. keep makes it hold calls when
// it is reloaded.
func moods(keep bool) cogs.Cog {
	return cogs.Cog{Name: "moods", DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		if keep {
			cogs.Keep(r, "n", &n)
		}
		handleOne(r)
		cogs.Handle(r, "moods.wait", func(context.Context, wire.Empty) (int, error) {
			time.Sleep(500 * time.Millisecond)
			return 1, nil
		})
		key := func(q tempered) string { act(q.M.What); return q.M.Guild }
		cogs.HandleWith(r, byMood, cogs.RouteOptions[tempered]{Key: key}, func(ctx context.Context, _ tempered) (uint64, error) {
			return cogs.CallInfo(ctx).Generation, nil
		})
		return nil
	}}
}

// hangs lets moods hang until the returned function is called.
func hangs() (release func()) {
	stop := make(chan struct{})
	hanging.Store(&stop)
	return func() { close(stop) }
}

// TestKey_hangsAlone lets the Key of a call, or the type of its request, hang, panic
// and end its goroutine, on a connection with other calls of that route and of another
// one. Only that call suffers.
func TestKey_hangsAlone(t *testing.T) {
	for _, mood := range []string{"hang", "decode-hang", "panic", "decode-panic", "exit", "decode-exit"} {
		for _, dialect := range dialects {
			t.Run(mood+" in "+dialect, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := hangs()
					srv := newServer(t, nil)
					if err := srv.Load(t.Context(), moods(false)); err != nil {
						t.Fatal(err)
					}
					p := known(t, srv, dialect)
					ask := func(id int, endpoint, data string) []byte {
						if dialect == "ipcx" {
							return frameOf(0x81, envelope(endpoint, data))
						}
						return frameOf(0x81, fmt.Sprintf(`{"id":%d,"call":%q,"data":%s,"ms":200}`, id, endpoint, data))
					}
					for range 10 { // quick routes are run by the reader from now on
						p.write(ask(9, string(one), `{}`))
						p.answer()
						p.write(ask(9, string(byMood), `{"m":"calm 2"}`))
						p.answer()
					}
					var all []byte
					all = append(all, ask(1, string(one), `{}`)...)
					all = append(all, ask(2, string(byMood), `{"m":"calm 1"}`)...)
					all = append(all, ask(3, string(byMood), `{"m":"`+mood+` 1"}`)...)
					all = append(all, ask(4, string(byMood), `{"m":"calm 1"}`)...)
					all = append(all, ask(5, string(one), `{}`)...)
					began := time.Now()
					p.write(all)
					good, bad, late := 0, 0, 0
					for range 5 {
						text := p.answer()
						took := time.Since(began)
						switch {
						case strings.Contains(text, "err"):
							bad++
						case dialect != "ipcx" && took > 110*time.Millisecond:
							late++ // ipcx answers in order, so later requests wait
						default:
							good++
						}
					}
					if good != 4 || bad != 1 || late != 0 {
						t.Errorf("%d calls were answered in time, %d late and %d with an error; want 4 in time, and the moody one with an error", good, late, bad)
					}
					release()
				})
			})
		}
	}
}

// TestKey_hangsInARelease holds calls with Keys that hang when the calls are admitted.
// The reload, other routes, and Close do not wait for them.
func TestKey_hangsInARelease(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := hangs()
		defer release()
		srv, bot := cogtest.Start(t, moods(true))
		go func() { _, _ = client.Call[wire.Empty, int](t.Context(), bot, "moods.wait", wire.Empty{}) }()
		synctest.Wait()
		reloaded := make(chan error, 1)
		go func() { _, err := srv.Reload(t.Context(), "moods", nil); reloaded <- err }()
		synctest.Wait() // it waits for the call
		outcomes := make(chan error, 20)
		for n := range 20 {
			go func() {
				mood := "calm 1"
				if n%5 == 0 {
					mood = "hang 1"
				}
				ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
				defer cancel()
				_, err := bot.Request(ctx, string(byMood), []byte(`{"m":"`+mood+`"}`))
				outcomes <- err
			}()
			synctest.Wait() // in this order
		}
		began := time.Now()
		if err := <-reloaded; err != nil || time.Since(began) > time.Second {
			t.Errorf("Reload = %v after %v; want it when the call before has ended", err, time.Since(began))
		}
		mustCall(t, bot, one, wire.Empty{})
		if took := time.Since(began); took > time.Second {
			t.Errorf("a call of another route took %v; want it when the cog is reloaded", took)
		}
		ok, late := 0, 0
		for range 20 {
			switch err := <-outcomes; {
			case err == nil:
				ok++
			case wire.CodeOf(err) == wire.Timeout:
				late++
			default:
				t.Errorf("a held call = %v; want a result or a timeout", err)
			}
		}
		if ok != 16 || late != 4 {
			t.Errorf("%d held calls have results and %d timed out; want 16, and the 4 whose Keys hang", ok, late)
		}
		began = time.Now()
		_ = srv.Close()
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("Close took %v; want it to wait for no Key beyond its limits", took)
		}
	})
}
