package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// TestClose_drains closes with calls in flight: they are answered, new ones are
// refused, and then the connections close.
func TestClose_drains(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		srv := newServer(t, nil)
		v1, ipcx := known(t, srv, protocol.Subprotocol), known(t, srv, "ipcx")
		silent, begun := dialPeer(t, srv, "ipcx"), dialPeer(t, srv, protocol.Subprotocol)
		begun.hello(protocol.NewNonce())
		v1.say(`{"id":1,"call":"sleep","data":{"s":5}}`)
		ipcx.say(envelope("sleep", `{"s":4}`))
		ipcx.say(envelope("echo", `{"n":1}`)) // behind it, and taken
		synctest.Wait()
		began := time.Now()
		closed := make(chan error, 1)
		go func() { closed <- srv.Close() }()
		if got := v1.answer(); !strings.HasPrefix(got, `{"goaway":{"reason":"`) {
			t.Errorf("at Close the server said %s; want goaway", got)
		}
		if got := v1.ask(`{"id":2,"call":"echo"}`); !strings.HasPrefix(got, `{"id":2,"err":{"code":"unavailable"`) {
			t.Errorf("a new call = %s; want unavailable", got)
		}
		ipcx.say(envelope("echo", `{"n":2}`))
		if conn, err := srv.DialContext(t.Context(), "", ""); !errors.Is(err, net.ErrClosed) {
			t.Errorf("DialContext = %v, %v; want net.ErrClosed", conn, err)
		}
		for _, want := range []string{`"slept"`, `{"n":1}`, `"code": 503}`} {
			if got := ipcx.answer(); !strings.HasSuffix(got, want) {
				t.Errorf("a request = %s; want %s", got, want)
			}
		}
		if got := v1.answer(); got != `{"id":1,"ok":"slept"}` {
			t.Errorf("the call in flight = %s; want its result", got)
		}
		var ends sync.WaitGroup
		for _, p := range []*peer{v1, ipcx, silent, begun} {
			ends.Go(func() { p.wantClose(1001) })
		}
		ends.Wait()
		if err := <-closed; err != nil || time.Since(began) > 7*time.Second {
			t.Errorf("Close = %v after %v; want nil soon after the last call", err, time.Since(began))
		}
		if err := srv.Close(); err != nil {
			t.Errorf("the second Close = %v; want nil", err)
		}
	})
}

// TestClose_isBounded closes while user code hangs everywhere.
func TestClose_isBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		srv := actors.NewServer(&actors.Options{Secret: secret, ShutdownTimeout: time.Second, Logger: slog.New(slog.DiscardHandler)})
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "echo", func(context.Context, wire.Empty) (wire.Empty, error) { return wire.Empty{}, nil })
			cogs.Handle(r, "hang", func(context.Context, wire.Empty) (int, error) { <-release; return 1, nil })
			r.Go(func(context.Context) error { <-release; return nil })
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		ipcx, v1, deaf := known(t, srv, "ipcx"), known(t, srv, protocol.Subprotocol), known(t, srv, protocol.Subprotocol)
		v1.say(`{"id":1,"call":"hang"}`)
		go func() { // until the server stops reading
			for range 100 {
				ipcx.say(envelope("hang", "{}"))
			}
		}()
		synctest.Wait()
		began := time.Now()
		if err := srv.Close(); err != nil || time.Since(began) > 20*time.Second {
			t.Errorf("Close = %v after %v; want nil, soon", err, time.Since(began))
		}
		for _, p := range []*peer{ipcx, v1, deaf} {
			for f, ok := p.hear(); ok; f, ok = p.hear() {
				if strings.Contains(f.text, "ok") {
					t.Errorf("the server sent %v; want no result of a handler that hangs", f)
				}
			}
		}
		close(release)
	})
}

// TestClose_whileLoading closes beside all other operations.
func TestClose_whileLoading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for wait := range 20 {
			srv := actors.NewServer(&actors.Options{Secret: secret, Logger: slog.New(slog.DiscardHandler)})
			var work sync.WaitGroup
			var cleaned, set atomic.Int64
			for i := range 5 {
				work.Go(func() {
					err := srv.Load(context.Background(), cogs.Cog{Name: fmt.Sprint(i), Serial: true, Setup: func(ctx context.Context, r *cogs.Registrar) error {
						select {
						case <-time.After(time.Duration(i) * time.Second):
							set.Add(1)
							r.Cleanup(func() { cleaned.Add(1) })
							return nil
						case <-ctx.Done():
							return ctx.Err()
						}
					}})
					if err != nil && !errors.Is(err, actors.ErrClosed) && !errors.Is(err, context.Canceled) {
						t.Errorf("Load beside Close = %v; want ErrClosed or a canceled Setup", err)
					}
				})
			}
			work.Go(func() { _, _ = srv.Reload(context.Background(), "0", nil) })
			work.Go(func() { srv.Cogs() })
			time.Sleep(time.Duration(wait) * 200 * time.Millisecond)
			for range 3 {
				work.Go(func() { _ = srv.Close() })
			}
			work.Wait()
			if cleaned.Load() != set.Load() {
				t.Errorf("%d cleanups for %d Setups; want one each", cleaned.Load(), set.Load())
			}
			if err := srv.Load(t.Context(), target()); !errors.Is(err, actors.ErrClosed) {
				t.Errorf("Load after Close = %v; want ErrClosed", err)
			}
			if got := srv.Cogs(); len(got) != 0 {
				t.Errorf("Cogs after Close = %v; want none", got)
			}
		}
	})
}

// TestServe_endsAlone ends one listener. The clients of another one stay.
func TestServe_endsAlone(t *testing.T) {
	srv := newServer(t, nil)
	var listeners [2]net.Listener
	var served [2]chan error
	var stop [2]context.CancelFunc
	var peers [2]*peer
	for i := range listeners {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var ctx context.Context
		ctx, stop[i] = context.WithCancel(t.Context())
		defer stop[i]()
		served[i] = make(chan error, 1)
		go func() { served[i] <- srv.Serve(ctx, l) }()
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		peers[i] = newPeer(t, conn, protocol.Subprotocol)
		peers[i].shakeHands(secret)
		listeners[i] = l
	}
	peers[0].say(`{"id":1,"call":"sleep","data":{"s":0.1}}`)
	peers[0].ask(`{"id":2,"call":"echo"}`)
	stop[0]()
	for _, want := range []string{`{"goaway":`, `{"id":1,"ok":"slept"}`} {
		if got := peers[0].answer(); !strings.HasPrefix(got, want) {
			t.Errorf("the server sent %s; want %s", got, want)
		}
	}
	peers[0].wantClose(1001)
	peers[0].leave()
	if err := <-served[0]; err != nil {
		t.Errorf("Serve = %v; want nil", err)
	}
	if _, err := net.Dial("tcp", listeners[0].Addr().String()); err == nil {
		t.Error("the listener is open; want it closed")
	}
	if got := peers[1].ask(`{"id":2,"call":"echo"}`); got != `{"id":2,"ok":null}` {
		t.Errorf("a call on the other listener = %s; want its result", got)
	}
	stop[1]()
	if got := peers[1].answer(); !strings.HasPrefix(got, `{"goaway":`) {
		t.Errorf("the server sent %s; want goaway", got)
	}
	peers[1].leave()
	if err := <-served[1]; err != nil {
		t.Errorf("Serve = %v; want nil", err)
	}
}

func TestRun_takenPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	log := &logbook{}
	srv := actors.NewServer(&actors.Options{Secret: secret, Addr: taken.Addr().String(), Discovery: "127.0.0.1:0", Logger: log.logger()})
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "address already in use") {
		t.Errorf("Run on a taken port = %v; want an error that says so", err)
	}
	if err := srv.Load(t.Context(), target()); !errors.Is(err, actors.ErrClosed) {
		t.Errorf("Load after Run failed = %v; want ErrClosed: nothing is left", err)
	}

	ctx, stop := context.WithCancel(t.Context())
	ready := make(chan string, 1)
	srv = actors.NewServer(&actors.Options{
		Secret: secret, Addr: "127.0.0.1:0", Discovery: taken.Addr().String(), Logger: log.logger(),
		OnReady: func(addr string) { ready <- addr },
	})
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	conn, err := net.Dial("tcp", <-ready)
	if err != nil {
		t.Fatalf("at OnReady the port is not bound: %v", err)
	}
	p := newPeer(t, conn, "ipcx")
	if p.resp.StatusCode != http.StatusSwitchingProtocols {
		t.Errorf("handshake = %s; want 101", p.resp.Status)
	}
	stop()
	p.wantClose(1001)
	p.leave()
	if err := <-ran; err != nil {
		t.Errorf("Run with a taken discovery port = %v; want nil", err)
	}
	if text := log.String(); !strings.Contains(text, "level=WARN") || !strings.Contains(text, taken.Addr().String()) {
		t.Errorf("the log = %s; want a warning about the discovery port", text)
	}
	if err := srv.Run(t.Context()); err == nil {
		t.Error("Run again = nil; want an error")
	}
}

// TestDiscovery_hostile sends invalid look-ups, and hangs.
func TestDiscovery_hostile(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	log := &logbook{}
	ready := make(chan struct{})
	srv := actors.NewServer(&actors.Options{
		Secret: secret, Addr: "127.0.0.1:0", Discovery: "127.0.0.1:0",
		Logger: log.logger(), OnReady: func(string) { close(ready) },
	})
	ran := make(chan error, 1)
	go func() { ran <- srv.Run(ctx) }()
	<-ready
	// if discovery may be on any port, only the log tells it
	_, addr, _ := strings.Cut(log.String(), "discovery=[")
	addr, _, _ = strings.Cut(addr, "]")
	conn, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	p := newPeer(t, conn, "ipcx")
	for _, c := range []struct{ text, want string }{
		{`hello`, bad400},
		{`[]`, bad400},
		{`{"connect":true}`, bad403},
		{`{"connect":true,"headers":{"Authorization":"wrong"}}`, bad403},
		{`{"connect":true,"headers":{"Authorization":"` + secret + `"}}`, `, "code": 200}`},
	} {
		if got := p.ask(c.text); !strings.HasSuffix(got, c.want) {
			t.Errorf("asked %s, discovery said %s; want %s", c.text, got, c.want)
		}
	}
	began := time.Now()
	stop()
	if err := <-ran; err != nil || time.Since(began) > 5*time.Second {
		t.Errorf("Run = %v after %v; want nil soon, whoever asks", err, time.Since(began))
	}
	if f, ok := p.hear(); ok {
		t.Errorf("the discovery port sent %v; want the connection ended", f)
	}
}
