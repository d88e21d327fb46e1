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

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// moody returns a cog with a route that is quick until how is set.
func moody(name string, how *atomic.Pointer[func()]) cogs.Cog {
	return cogs.Single(wire.Route[wire.Empty, int](name), func(context.Context, wire.Empty) (int, error) {
		if f := how.Load(); f != nil {
			(*f)()
		}
		return 1, nil
	})
}

// warmUp calls a route until the server knows that it is quick.
func warmUp(p *peer, endpoint string) {
	p.t.Helper()
	for id := range 10 {
		if got, want := p.ask(fmt.Sprintf(`{"id":%d,"call":%q}`, id+1, endpoint)), fmt.Sprintf(`{"id":%d,"ok":1}`, id+1); got != want {
			p.t.Errorf("a call = %s; want %s", got, want)
		}
	}
}

// TestWatchdog_slowClient replaces the reader of a client that does not read. The
// watchdog must not wait for that client, because other readers need it too.
func TestWatchdog_slowClient(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var one, two atomic.Pointer[func()]
		srv := newServer(t, nil)
		if err := srv.Load(t.Context(), moody("one", &one), moody("two", &two)); err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, protocol.Subprotocol)
		warmUp(p, "one")
		warmUp(p, "two")
		deaf := deafPeer(t, srv, protocol.Subprotocol)
		release := make(chan struct{})
		hang := func() { <-release }
		var calls atomic.Int64
		second := func() {
			if calls.Add(1) == 2 {
				hang()
			}
		}
		one.Store(&second)
		// in one write, so that an answer waits when the second one hangs
		deaf.write(append(frameOf(0x80|opText, `{"id":1,"call":"one"}`), frameOf(0x80|opText, `{"id":2,"call":"one"}`)...))
		time.Sleep(5 * time.Millisecond)
		if calls.Load() != 2 {
			t.Fatalf("%d calls run; want 2", calls.Load())
		}
		two.Store(&hang)
		p.say(`{"id":1,"call":"two"}`)
		began := time.Now()
		if got := p.ask(`{"id":2,"call":"echo","data":1}`); got != `{"id":2,"ok":1}` || time.Since(began) > 3*time.Millisecond {
			t.Errorf("a call beside a slow one = %s after %v; want its result within two patrols", got, time.Since(began))
		}
		close(release)
		if got := p.answer(); got != `{"id":1,"ok":1}` {
			t.Errorf("the slow call = %s; want its result", got)
		}
	})
}

// TestWatchdog_goexitAfterRelief ends the goroutine of a reader that was replaced,
// while the new reader runs a handler itself.
func TestWatchdog_goexitAfterRelief(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var one, two atomic.Pointer[func()]
				srv := newServer(t, nil)
				if err := srv.Load(t.Context(), moody("one", &one), moody("two", &two)); err != nil {
					t.Fatal(err)
				}
				warm := known(t, srv, protocol.Subprotocol)
				warmUp(warm, "one")
				warmUp(warm, "two")
				leave := func() { time.Sleep(10 * time.Millisecond); runtime.Goexit() }
				slow := func() { time.Sleep(10 * time.Millisecond) }
				one.Store(&leave)
				two.Store(&slow)
				p := known(t, srv, dialect)
				began := time.Now()
				if dialect == "ipcx" {
					p.say(envelope("one", "{}"))
					p.say(envelope("two", "{}"))
					for _, want := range []string{`"code": 500}`, "1"} {
						if got := p.answer(); !strings.HasSuffix(got, want) {
							t.Errorf("the answer = %s; want %s", got, want)
						}
					}
				} else {
					p.say(`{"id":1,"call":"one"}`)
					time.Sleep(9 * time.Millisecond)
					p.say(`{"id":2,"call":"two"}`)
					for _, want := range []string{`{"id":1,"err":{"code":"internal"`, `{"id":2,"ok":1}`} {
						if got := p.answer(); !strings.HasPrefix(got, want) {
							t.Errorf("the answer = %s; want %s", got, want)
						}
					}
				}
				if took := time.Since(began); took > 25*time.Millisecond {
					t.Errorf("the answers took %v; want them when the handlers return", took)
				}
				call, answer := echoOf(dialect)
				if got := p.ask(call); got != answer {
					t.Errorf("the next call = %s; want %s", got, answer)
				}
			})
		})
	}
}

// TestWatchdog_timeLimit lets a quick route hang. Its time limit holds, although no
// timer ran when it began.
func TestWatchdog_timeLimit(t *testing.T) {
	for _, dialect := range dialects {
		t.Run(dialect, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var how atomic.Pointer[func()]
				srv := newServer(t, &actors.Options{})
				if err := srv.Load(t.Context(), moody("one", &how)); err != nil {
					t.Fatal(err)
				}
				p := known(t, srv, protocol.Subprotocol)
				warmUp(p, "one")
				release := make(chan struct{})
				hang := func() { <-release }
				how.Store(&hang)
				if dialect == "ipcx" {
					p = known(t, srv, "ipcx")
				}
				began := time.Now()
				call, want := envelope("one", "{}"), `"code": 408}`
				if dialect != "ipcx" {
					call, want = `{"id":1,"call":"one"}`, `"}}`
				}
				if got := p.ask(call); !strings.HasSuffix(got, want) || time.Since(began).Round(time.Second) != 30*time.Second {
					t.Errorf("a call that hangs = %s after %v; want a timeout after 30s", got, time.Since(began))
				}
				close(release)
				synctest.Wait()
				if len(p.frames) != 0 {
					t.Errorf("the server sent %v besides; want one answer", <-p.frames)
				}
			})
		})
	}
}
