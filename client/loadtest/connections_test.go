package loadtest_test

import (
	"context"
	"net"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/internal/transport"
)

// TestRun_unasked calls a bot that answers twice. The generator closes the connection,
// because it cannot know which calls the answers belong to.
func TestRun_unasked(t *testing.T) {
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

// TestRun_dialHangs loses its connection to a host that does not answer any more.
// Calls that wait for a new connection end when their time is up.
func TestRun_dialHangs(t *testing.T) {
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
