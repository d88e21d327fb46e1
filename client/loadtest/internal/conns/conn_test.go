package conns_test

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

type dial func(ctx context.Context, network, addr string) (net.Conn, error)

// bot starts a bot in memory. Its route "work" takes 100 ms.
func bot(t *testing.T) dial {
	t.Helper()
	srv := actors.NewServer(&actors.Options{Secret: "secret", Logger: slog.New(slog.DiscardHandler)})
	t.Cleanup(func() { _ = srv.Close() })
	if err := srv.Load(t.Context(), cogs.Single("work", func(context.Context, wire.Empty) (wire.Empty, error) {
		time.Sleep(100 * time.Millisecond)
		return wire.Empty{}, nil
	})); err != nil {
		t.Fatal(err)
	}
	return srv.DialContext
}

// open opens a Conn on which calls may take 2 s. The test closes it when it ends.
func open(t *testing.T, pipe bool, to dial, count *conns.Counter) *conns.Conn {
	t.Helper()
	c := conns.Config{Target: "ws://localhost", Pipe: pipe, Count: count, Client: client.Options{
		Secret: "secret", Timeout: 2 * time.Second, DialContext: to, Logger: slog.New(slog.DiscardHandler),
	}}
	if pipe {
		c.Target = "ipcx://localhost"
	}
	l := conns.New(c)
	if err := l.Open(t.Context()); err != nil {
		t.Fatalf("Open() = %v", err)
	}
	t.Cleanup(l.Close)
	return l
}

// both runs test with a client, and with a pipe.
func both(t *testing.T, test func(t *testing.T, pipe bool)) {
	t.Helper()
	for _, pipe := range []bool{false, true} {
		synctest.Test(t, func(t *testing.T) { test(t, pipe) })
	}
}

// TestConn_Replace checks that calls under way stay on the old connection.
func TestConn_Replace(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		var count conns.Counter
		l := open(t, pipe, bot(t), &count)
		began := time.Now()
		done := make(chan error)
		go func() { done <- l.Call(t.Context(), "work", []byte(`{}`)) }()
		synctest.Wait()
		if err := l.Replace(t.Context()); err != nil {
			t.Errorf("Replace() = %v", err)
		}
		if took := time.Since(began); took < 100*time.Millisecond {
			t.Errorf("Replace() took %s; want it to wait for the call", took)
		}
		if err := <-done; err != nil {
			t.Errorf("Call() meanwhile = %v", err)
		}
		if err := l.Call(t.Context(), "work", []byte(`{}`)); err != nil {
			t.Errorf("Call() afterwards = %v", err)
		}
		synctest.Wait()
		if o, c := count.Opened.Load(), count.Closed.Load(); o != 2 || c != 1 {
			t.Errorf("%d connections opened, %d closed; want 2 and 1", o, c)
		}
	})
}

// TestConn_faults stops and cuts a connection.
func TestConn_faults(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		l := open(t, pipe, bot(t), nil)
		began := time.Now()
		l.Stop(false)
		l.Stop(false)
		time.AfterFunc(500*time.Millisecond, l.Resume)
		time.AfterFunc(time.Second, l.Resume)
		if err := l.Call(t.Context(), "work", []byte(`{}`)); err != nil || time.Since(began) != 1100*time.Millisecond {
			t.Errorf("Call() on a connection that stands still = %v after %s; want an answer after 1.1 s", err, time.Since(began))
		}
		select {
		case <-l.Lost():
			t.Error("Lost() is closed; want that later")
		default:
		}
		time.AfterFunc(50*time.Millisecond, func() {
			if n := l.Cut(); n != 1 {
				t.Errorf("Cut() = %d; want 1", n)
			}
		})
		if err := l.Call(t.Context(), "work", []byte(`{}`)); wire.CodeOf(err) != wire.Interrupted || !conns.Local(err) {
			t.Errorf("Call() on a connection that is cut = %v; want %s", err, wire.Interrupted)
		}
		<-l.Lost()
		if err := l.Call(t.Context(), "work", []byte(`{}`)); err != nil {
			t.Errorf("the next Call() = %v; want another connection", err)
		}
		err := l.Call(t.Context(), "nowhere", []byte(`{}`))
		if wire.CodeOf(err) != wire.NoRoute || conns.Local(err) || conns.Local(nil) {
			t.Errorf("Call(nowhere) = %v, local %t; want the bot's %s", err, conns.Local(err), wire.NoRoute)
		}
	})
}

// TestConn_times limits calls by Options.Timeout, by the context's deadline, and by
// cancelling the context.
func TestConn_times(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		l := open(t, pipe, bot(t), nil)
		l.Stop(true)
		for want, limit := range map[time.Duration]time.Duration{2 * time.Second: 0, time.Second: time.Second, 3 * time.Second: 3 * time.Second} {
			ctx, cancel := t.Context(), context.CancelFunc(func() {})
			if limit > 0 {
				ctx, cancel = context.WithTimeout(ctx, limit)
			}
			began := time.Now()
			if err := l.Call(ctx, "work", []byte(`{}`)); wire.CodeOf(err) != wire.Timeout || !errors.Is(err, context.DeadlineExceeded) && pipe || time.Since(began) != want {
				t.Errorf("Call() within %s = %v after %s; want %s after %s", limit, err, time.Since(began), wire.Timeout, want)
			}
			cancel()
		}
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Second, cancel)
		if err := l.Call(ctx, "work", []byte(`{}`)); wire.CodeOf(err) != wire.Canceled {
			t.Errorf("Call() that is cancelled = %v; want %s", err, wire.Canceled)
		}
		l.Resume()
	})
}

// TestConn_Open dials a bot that cannot be reached.
func TestConn_Open(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		var count conns.Counter
		c := conns.Config{Target: "ipcx://localhost", Pipe: pipe, Count: &count, Client: client.Options{Timeout: time.Second, Logger: slog.New(slog.DiscardHandler)}}
		c.Client.DialContext = func(context.Context, string, string) (net.Conn, error) { return nil, errors.New("no such bot") }
		l := conns.New(c)
		if err := l.Open(t.Context()); wire.CodeOf(err) != wire.Unavailable || !strings.Contains(err.Error(), "no such bot") || count.Failed.Load() == 0 {
			t.Errorf("Open() = %v, %d failed; want %s, and why", err, count.Failed.Load(), wire.Unavailable)
		}
		l.Close()
	})
}

// TestUnsent checks, for each way in which a local error comes about, whether the
// call may have run.
func TestUnsent(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		to := bot(t)
		refuses := false
		l := open(t, pipe, func(ctx context.Context, network, addr string) (net.Conn, error) {
			if refuses {
				return nil, errors.New("no such bot")
			}
			return to(ctx, network, addr)
		}, nil)
		call := func(endpoint string, during func(cancel func())) error {
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			done := make(chan error)
			go func() { done <- l.Call(ctx, endpoint, []byte(`{}`)) }()
			synctest.Wait()
			during(cancel)
			return <-done
		}
		check := func(name string, err error, code wire.Code, want bool) {
			t.Helper()
			if wire.CodeOf(err) != code || conns.Unsent(err) != want {
				t.Errorf("Call() %s = %v, unsent %t; want %s, %t", name, err, conns.Unsent(err), code, want)
			}
		}
		check("that is given up", call("work", func(cancel func()) { cancel() }), wire.Canceled, false)
		check("that the bot refuses", call("nowhere", func(func()) {}), wire.NoRoute, false)
		l.Stop(true)
		check("that is not answered in time", call("work", func(func()) {}), wire.Timeout, false)
		l.Resume()
		refuses = true
		check("whose connection is cut", call("work", func(func()) { l.Cut() }), wire.Interrupted, false)
		check("that is given up without a connection", call("work", func(cancel func()) { cancel() }), map[bool]wire.Code{false: wire.Canceled, true: wire.Unavailable}[pipe], true)
		check("without a connection", call("work", func(func()) {}), wire.Unavailable, true)
		if conns.Unsent(nil) {
			t.Error("Unsent(nil) = true; want false")
		}
	})
}

// mute starts a server that accepts connections and reads nothing.
func mute(t *testing.T) dial {
	t.Helper()
	accept := transport.NewAcceptor(transport.AcceptOptions{MaxMessage: protocol.MaxMessage})
	listener := &pipes{conns: make(chan net.Conn), ended: make(chan struct{})}
	srv := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if conn, err := accept.Accept(w, r); err == nil {
			<-listener.ended
			conn.Abort()
		}
	})}
	var group sync.WaitGroup
	group.Go(func() { _ = srv.Serve(listener) })
	t.Cleanup(func() {
		close(listener.ended)
		_ = srv.Close()
		group.Wait()
	})
	return func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		listener.conns <- theirs
		return ours, nil
	}
}

// pipes is a listener in memory.
type pipes struct {
	conns chan net.Conn
	ended chan struct{}
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.ended:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{Name: "memory", Net: "unix"} }

// TestConn_mute calls a bot that reads nothing. Every call ends when its time is up,
// including the calls that are not sent because too many bytes wait for the bot.
func TestConn_mute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := open(t, true, mute(t), nil)
		data := []byte(`{"pad":"` + strings.Repeat("x", 4_000_000) + `"}`)
		leaving, leave := context.WithCancel(t.Context())
		codes := make(chan wire.Code, 12)
		for range 10 {
			go func() { codes <- wire.CodeOf(l.Call(t.Context(), "work", data)) }()
		}
		go func() { codes <- wire.CodeOf(l.Call(leaving, "work", data)) }()
		began := time.Now()
		time.Sleep(time.Second)
		leave()
		if got := <-codes; got != wire.Canceled || time.Since(began) != time.Second {
			t.Errorf("a call that is given up = %s after %s; want %s at once", got, time.Since(began), wire.Canceled)
		}
		got := map[wire.Code]int{}
		for range 10 {
			got[<-codes]++
		}
		if took := time.Since(began); took != 2*time.Second || got[wire.Timeout] == 0 || got[wire.Overloaded] == 0 || got[wire.Timeout]+got[wire.Overloaded] != 10 {
			t.Errorf("calls = %v after %s; want some not answered and some not sent, after 2 s", got, took)
		}
	})
}

// TestConn_tooLarge checks that a call with too many bytes is not sent; the bot would
// close the connection.
func TestConn_tooLarge(t *testing.T) {
	both(t, func(t *testing.T, pipe bool) {
		l := open(t, pipe, bot(t), nil)
		err := l.Call(t.Context(), "work", []byte(`{"pad":"`+strings.Repeat("x", protocol.MaxMessage)+`"}`))
		if wire.CodeOf(err) != wire.TooLarge || !conns.Local(err) {
			t.Errorf("Call() = %v; want %s", err, wire.TooLarge)
		}
		if err := l.Call(t.Context(), "work", []byte(`{}`)); err != nil {
			t.Errorf("the next Call() = %v; want the connection kept", err)
		}
	})
}
