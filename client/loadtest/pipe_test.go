package loadtest_test

import (
	"context"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
)

// openPipe opens a line to the bot of p, whose calls may take 2 s.
func openPipe(t *testing.T, p loadtest.Plan) loadtest.Pipe {
	t.Helper()
	o := *p.Client
	o.Timeout = 2 * time.Second
	l, err := loadtest.OpenPipe(t.Context(), p.Target, &o)
	if err != nil {
		t.Fatalf("OpenPipe() = %v", err)
	}
	return l
}

// TestPipe_mute has a bot that reads nothing: no call waits longer than it may, those
// too that are not sent since so much is.
func TestPipe_mute(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bot, p := startPython(t)
		bot.script = func(*transport.Conn) { <-bot.ended }
		l := openPipe(t, p)
		data := []byte(`{"pad":"` + strings.Repeat("x", 4_000_000) + `"}`)
		ended, left := context.WithCancel(t.Context())
		codes := make(chan wire.Code, 12)
		for range 10 {
			go func() { codes <- wire.CodeOf(l.Call(t.Context(), "echo", data)) }()
		}
		go func() { codes <- wire.CodeOf(l.Call(ended, "echo", data)) }()
		began := time.Now()
		time.Sleep(time.Second)
		left()
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
		l.Close()
	})
}

// TestPipe_tooLarge does not send what the bot would hang up on.
func TestPipe_tooLarge(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := openPipe(t, start(t, working(time.Millisecond)))
		err := l.Call(t.Context(), "work", []byte(`{"pad":"`+strings.Repeat("x", wire.MaxMessage)+`"}`))
		if wire.CodeOf(err) != wire.TooLarge || !strings.Contains(err.Error(), "it was not sent") {
			t.Errorf("Call() = %v; want %s", err, wire.TooLarge)
		}
		if err := l.Call(t.Context(), "work", []byte(`{}`)); err != nil {
			t.Errorf("the next Call() = %v; want the connection kept", err)
		}
		l.Close()
	})
}

// TestPipe_unasked has a bot that answers twice: which calls it means nobody can
// tell, so the connection is of no more use.
func TestPipe_unasked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bot, p := startPython(t)
		bot.script = func(conn *transport.Conn) {
			for {
				buf, _, err := conn.Receive()
				if err != nil {
					return
				}
				buf.Free()
				_ = conn.Send([]byte(`{}`))
				_ = conn.Send([]byte(`{}`))
				conn.Flush()
			}
		}
		p.Dialect, p.Scenario, p.Rate, p.Count, p.Connections = loadtest.IPCX, calling("echo"), 10, 20, 1
		r := mustRun(t, p)
		if r.Lines.Opened < 10 || r.Answered < 10 || r.Answered+r.Failed+r.Unanswered != 20 {
			t.Errorf("counts %+v, connections %+v; want one for each call", r.Counts, r.Lines)
		}
	})
}

// TestPipe_dialHangs loses its connection to a host that does not answer any more.
// Callers that wait for a new one do so no longer than a call may take.
func TestPipe_dialHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := start(t, working(time.Millisecond))
		dial, cut := p.Client.DialContext, make(chan struct{})
		var hangs atomic.Bool
		p.Client.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if hangs.Load() {
				<-ctx.Done()
				return nil, ctx.Err()
			}
			c, err := dial(ctx, network, addr)
			if err == nil {
				go func() { // ends with the test
					<-cut
					_ = c.Close()
				}()
			}
			return c, err
		}
		time.AfterFunc(1005*time.Millisecond, func() {
			hangs.Store(true)
			close(cut)
		})
		p.Dialect, p.Scenario, p.Rate, p.Connections = loadtest.IPCX, calling("work", "work"), 100, 1
		p.Duration, p.Timeout, p.GiveUp, p.Grace = 3*time.Second, 3*time.Second, time.Minute, time.Hour
		p.Scenario.Routes[0].Timeout = 500 * time.Millisecond
		r := mustRun(t, p)
		if r.Sent != 300 || r.Answered < 99 || r.Answered > 102 || r.Failed < 195 {
			t.Errorf("counts = %+v; want those of the first second answered, and others not sent", r.Counts)
		}
		for i, want := range []float64{500, 3000} {
			if got := r.Routes[i].Response.Max; got < want-5 || got > want+5 {
				t.Errorf("calls of route %d took at most %g ms; want %g", i, got, want)
			}
		}
	})
}
