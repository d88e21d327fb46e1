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
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// stubborn returns a cog whose handlers run on until release is closed, also when their
// context has ended.
func stubborn(release <-chan struct{}) cogs.Cog {
	return cogs.Cog{Name: "stubborn", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, "stubborn", func(context.Context, wire.Empty) (string, error) { <-release; return "late", nil })
		cogs.Handle(r, "obedient", func(ctx context.Context, _ wire.Empty) (string, error) { <-ctx.Done(); return "", ctx.Err() })
		r.Cleanup(func() { <-release })
		return nil
	}}
}

// TestShutdown_answers shuts the server down while handlers run that do not end in time.
// Each call gets its answer before the Close. A Python client gets its answers in the order
// of its requests.
func TestShutdown_answers(t *testing.T) {
	for _, dialect := range dialects {
		for _, route := range []string{"stubborn", "obedient"} {
			t.Run(dialect+" "+route, func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					srv := newServer(t, &actors.Options{ShutdownTimeout: 3 * time.Second})
					if err := srv.Load(t.Context(), stubborn(release)); err != nil {
						t.Fatal(err)
					}
					p := known(t, srv, dialect)
					const calls = 80 // more than the server reads ahead for a Python client
					go func() {
						for n := range calls {
							if dialect == "ipcx" {
								p.say(envelope(route, "{}"))
							} else {
								p.say(fmt.Sprintf(`{"id":%d,"call":%q}`, n+1, route))
							}
						}
						if dialect == "ipcx" {
							p.say(envelope("nowhere", "{}"))
						}
					}()
					synctest.Wait()
					closed := make(chan error, 1)
					began := time.Now()
					go func() { closed <- srv.Close() }()
					if dialect != "ipcx" {
						p.answer() // the goaway message
					}
					for n := range calls {
						want := `"code":"unavailable"`
						if dialect == "ipcx" {
							want = `"code": 503`
						}
						if got := p.answer(); !strings.Contains(got, want) {
							t.Fatalf("answer %d = %s; want %s", n+1, got, want)
						}
					}
					if took := time.Since(began); took != 3*time.Second {
						t.Errorf("the calls were answered after %v; want 3 s, the shutdown's time", took)
					}
					if dialect == "ipcx" {
						if got := p.answer(); !strings.Contains(got, `"code": 503`) && !strings.Contains(got, `"code": 400`) {
							t.Errorf("the request behind the calls = %s; want that it is refused", got)
						}
					}
					p.wantClose(1001)
					if err := <-closed; err != nil {
						t.Errorf("Close = %v; want nil", err)
					}
					if took := time.Since(began); took > 10*time.Second {
						t.Errorf("Close took %v; want 3 s and a few seconds for the parts that hang", took)
					}
				})
			})
		}
	}
}

// TestShutdown_order shuts the server down while three different requests of a Python
// client have no answer yet.
func TestShutdown_order(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		close(release)
		srv := newServer(t, nil)
		if err := srv.Load(t.Context(), stubborn(release)); err != nil {
			t.Fatal(err)
		}
		p := known(t, srv, "ipcx")
		p.say(envelope("obedient", "{}"))
		p.say(envelope("nowhere", "{}"))
		p.say(`{"endpoint":"echo","headers":{"Authorization":"wrong"}}`)
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- srv.Shutdown(ctx) }()
		for _, want := range []string{`503}`, `503}`, `403}`} {
			if got := p.answer(); !strings.HasSuffix(got, want) {
				t.Errorf("an answer = %s; want one that ends in %s", got, want)
			}
		}
		p.wantClose(1001)
		<-ended
	})
}

// TestShutdown_context calls Shutdown with contexts that end before, during and after the
// shutdown, also from several callers at once.
func TestShutdown_context(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		if err := srv.Shutdown(t.Context()); err != nil {
			t.Errorf("Shutdown of an idle server = %v; want nil", err)
		}
		ended, cancel := context.WithCancel(t.Context())
		cancel()
		if err := srv.Shutdown(ended); err != nil {
			t.Errorf("Shutdown of a server that has ended = %v; want nil", err)
		}

		release := make(chan struct{})
		defer close(release)
		srv = newServer(t, &actors.Options{ShutdownTimeout: time.Hour})
		if err := srv.Load(t.Context(), stubborn(release)); err != nil {
			t.Fatal(err)
		}
		bot := clientOf(t, srv)
		call := make(chan error, 1)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			_, err := client.Call[wire.Empty, string](ctx, bot, "stubborn", wire.Empty{})
			call <- err
		}()
		synctest.Wait()
		began := time.Now()
		slow := make(chan error, 1)
		go func() { slow <- srv.Close() }() // ends by itself: ShutdownTimeout is an hour
		time.Sleep(time.Second)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := srv.Shutdown(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Shutdown with too short a time = %v; want deadline exceeded", err)
		}
		if took := time.Since(began); took > 10*time.Second {
			t.Errorf("Shutdown took %v; want two seconds, and a few for the parts that hang", took)
		}
		if err := <-slow; err != nil {
			t.Errorf("Close beside it = %v; want nil", err)
		}
		if err := <-call; wire.CodeOf(err) != wire.Unavailable || client.SafeToRetry(err) {
			t.Errorf("the call that was cut off = %v; want unavailable, and not safe to retry", err)
		}
	})
}

// TestShutdown_whileSaving shuts down while a reload waits for a save, or a restore, that
// hangs. Neither gets the time that the cog may take otherwise.
func TestShutdown_whileSaving(t *testing.T) {
	for _, what := range []string{"save", "restore"} {
		for _, drain := range []time.Duration{0, time.Hour} {
			t.Run(fmt.Sprintf("%s, drain %v", what, drain), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					release := make(chan struct{})
					defer close(release)
					hang := func(where string) {
						if where == what {
							<-release
						}
					}
					srv := newServer(t, nil)
					err := srv.Load(t.Context(), cogs.Cog{Name: "c", DrainTimeout: drain, Setup: func(_ context.Context, r *cogs.Registrar) error {
						r.KeepFunc("n", func() ([]byte, error) { hang("save"); return []byte("1"), nil }, func([]byte) error { hang("restore"); return nil })
						return nil
					}})
					if err != nil {
						t.Fatal(err)
					}
					go func() { _, _ = srv.Reload(context.Background(), "c", nil) }()
					time.Sleep(time.Millisecond)
					ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, errors.New("the deploy goes on"))
					defer cancel()
					began := time.Now()
					err = srv.Shutdown(ctx)
					if took := time.Since(began); took > 4*time.Second {
						t.Errorf("Shutdown took %v; want a second, and a few for the function that hangs", took)
					}
					if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "the deploy goes on") {
						t.Errorf("Shutdown = %v; want the error of the context, and its cause", err)
					}
				})
			})
		}
	}
}

// TestClose_behindAnswers ends connections of Python clients while requests before the end
// have no answer yet: too many wrong secrets, and a shutdown while the answer to a wrong
// secret is delayed. All requests are answered before the Close.
func TestClose_behindAnswers(t *testing.T) {
	const wrong = `{"endpoint":"echo","headers":{"Authorization":"wrong"}}`
	synctest.Test(t, func(t *testing.T) {
		p := dialPeer(t, newServer(t, nil), "ipcx")
		all := frameOf(0x80|opText, envelope("sleep", `{"s":8}`))
		for range 20 {
			all = append(all, frameOf(0x80|opText, wrong)...)
		}
		go p.write(all)
		if got := p.answer(); got != `"slept"` {
			t.Errorf("the request before the wrong secrets = %s; want its result", got)
		}
		for n := range 20 {
			if got := p.answer(); !strings.HasSuffix(got, "403}") {
				t.Errorf("wrong secret %d = %s; want 403", n+1, got)
			}
		}
		p.wantClose(1008)
	})
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		p := dialPeer(t, srv, "ipcx")
		for range 18 {
			p.ask(wrong)
		}
		p.write(append(frameOf(0x80|opText, wrong), frameOf(0x80|opText, envelope("echo", "{}"))...))
		time.Sleep(100 * time.Millisecond) // the answer is delayed by more
		closed := make(chan error, 1)
		go func() { closed <- srv.Close() }()
		for _, want := range []string{"403}", "503}"} {
			if got := p.answer(); !strings.HasSuffix(got, want) {
				t.Errorf("a request at the shutdown = %s; want one that ends in %s", got, want)
			}
		}
		p.wantClose(1001)
		if err := <-closed; err != nil {
			t.Errorf("Close = %v; want nil", err)
		}
	})
}
