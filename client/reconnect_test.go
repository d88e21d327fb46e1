package client_test

import (
	"context"
	"errors"
	"io"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// request runs a call and returns a channel for its outcome.
func request(ctx context.Context, c *client.Client, endpoint string) <-chan error {
	outcome := make(chan error, 1)
	go func() {
		_, err := c.Request(ctx, endpoint, nil)
		outcome <- err
	}()
	return outcome
}

func TestFirstCallsShareOneDial(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", echo)
		c := b.connect("ws://bot", nil)
		var wg sync.WaitGroup
		for range 20 {
			wg.Go(func() {
				if _, err := c.Request(t.Context(), "echo", nil); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if got := b.dialled(); len(got) != 1 {
			t.Errorf("dialled %v; want one dial", got)
		}
	})
}

func TestNeverConnected(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, protocol.Subprotocol)
		c := b.connect("ws://bot", nil)
		start := time.Now()
		_, err := c.Request(t.Context(), "echo", nil)
		wantCode(t, "a call before the bot runs", err, wire.Unavailable, syscall.ECONNREFUSED)
		if want := "unavailable: connect to ws://bot:8765: connection refused: is the bot running?"; err.Error() != want {
			t.Errorf("a call before the bot runs: %v; want %s", err, want)
		}
		if took := time.Since(start); took != 0 {
			t.Errorf("a call before the bot runs took %s; want it to fail at once", took)
		}
		_, err = client.Dial(t.Context(), "ws://bot", &client.Options{DialContext: b.DialContext})
		wantCode(t, "Dial before the bot runs", err, wire.Unavailable, syscall.ECONNREFUSED)

		b.at("bot:8765", func(p *peer) { p.handshake(""); echo(p) })
		if _, err := c.Request(t.Context(), "echo", nil); err != nil {
			t.Errorf("the next call: %v; want it to dial again", err)
		}
	})
}

func TestConnectionLost(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			for range 3 {
				p.next()
			}
			p.cut()
		})
		c := b.connect("ws://bot", nil)
		var calls []<-chan error
		for range 3 {
			calls = append(calls, request(t.Context(), c, "x"))
		}
		for _, call := range calls {
			wantCode(t, "a call in flight", <-call, wire.Interrupted)
		}

		// the bot comes back, and a call waits for it
		b.at("bot:8765", nil)
		call := request(t.Context(), c, "x")
		time.Sleep(20 * time.Second)
		if n := len(b.dialled()); n < 6 || n > 12 {
			t.Errorf("dialled %d times in 20 s; want pauses from 0.1 to 5 s", n)
		}
		b.at("bot:8765", func(p *peer) { p.handshake(""); echo(p) })
		if err := <-call; err != nil {
			t.Errorf("a call that waited for the bot: %v; want none", err)
		}
		if n := len(b.dialled()); n != 1 {
			t.Errorf("dialled %d times after the bot was back; want once", n)
		}
	})
}

func TestNotSentInTime(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			r, _ := p.next()
			p.answer(r.ID, "1")
			p.cut()
		})
		c := b.connect("ws://bot", nil)
		if _, err := c.Request(t.Context(), "x", nil); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		b.at("bot:8765", nil)

		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		start := time.Now()
		_, err := c.Request(ctx, "x", nil)
		wantCode(t, "a call while the bot is away", err, wire.Unavailable, syscall.ECONNREFUSED, context.DeadlineExceeded)
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("a call while the bot is away took %s; want its deadline", took)
		}

		ctx, cancel = context.WithCancel(t.Context())
		call := request(ctx, c, "x")
		synctest.Wait()
		cancel()
		wantCode(t, "a waiting call given up", <-call, wire.Canceled, context.Canceled)

		time.Sleep(time.Minute) // the attempt that was under way ends meanwhile
		b.dialled()
		time.Sleep(time.Hour)
		if got := b.dialled(); got != nil {
			t.Errorf("dialled %d times with no call waiting; want none", len(got))
		}
	})
}

func TestGoAway(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		closed := make(chan bool, 1)
		b := v1Bot(t, "", func(p *peer) {
			r, _ := p.next()
			p.send(`{"goaway":{"reason":"restart"}}`)
			<-release
			p.answer(r.ID, `"old"`)
			_, ok := p.next()
			closed <- !ok
		})
		c := b.connect("ws://bot", nil)
		old := make(chan string)
		go func() {
			got, err := c.Request(t.Context(), "x", nil)
			if err != nil {
				t.Error(err)
			}
			old <- string(got)
		}()
		time.Sleep(2 * time.Second)
		b.at("bot:8765", func(p *peer) { p.handshake(""); echo(p) })
		if got, err := c.Request(t.Context(), "x", "new"); err != nil || string(got) != `"new"` {
			t.Errorf("a call after goaway = %s, %v; want it to run on a new connection", got, err)
		}
		close(release)
		if got := <-old; got != `"old"` {
			t.Errorf("the call in flight = %s; want its reply", got)
		}
		if !<-closed {
			t.Error("the old connection was used after goaway")
		}
		if n := len(b.dialled()); n != 2 {
			t.Errorf("dialled %d times; want 2", n)
		}
	})
}

func TestGoAwayAgainAndAgain(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			p.send(`{"goaway":{"reason":"never at home"}}`)
			hang(p)
		})
		c := b.connect("ws://bot", nil)
		_, err := c.Request(t.Context(), "x", nil)
		wantCode(t, "a call that was sent before goaway was read", err, wire.Timeout)
		for range 20 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			_, err = c.Request(ctx, "x", nil)
			cancel()
			if err == nil {
				t.Error("a call to a bot that is never at home succeeded")
			}
		}
		if n := len(b.dialled()); n > 21 {
			t.Errorf("dialled %d times in 50 s; want pauses", n)
		}
	})
}

func TestHeartbeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			for range 2 { // gorilla answers pings while it reads
				r, _ := p.next()
				p.answer(r.ID, "1")
			}
			time.Sleep(time.Hour) // the peer does not answer pings
			p.cut()
		})
		c := b.connect("ws://bot", nil)
		if _, err := c.Request(t.Context(), "x", nil); err != nil {
			t.Fatal(err)
		}
		time.Sleep(10 * time.Minute)
		if _, err := c.Request(t.Context(), "x", nil); err != nil {
			t.Errorf("a call after ten quiet minutes: %v; want the connection alive", err)
		}
		if n := len(b.dialled()); n != 1 {
			t.Errorf("dialled %d times in quiet minutes; want 1", n)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := c.Request(ctx, "x", nil)
		wantCode(t, "a call to a dead peer", err, wire.Interrupted)
		if took := time.Since(start); took < 9*time.Second || took > 51*time.Second {
			t.Errorf("a dead peer was given up after %s; want about 45s, or 10s without a write", took)
		}
	})
}

// A peer that accepts all bytes and says nothing, like a dead host behind a proxy.
func TestSilentPeer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) { _, _ = io.Copy(io.Discard, p.raw) })
		c := b.connect("ws://bot", nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		start := time.Now()
		_, err := c.Request(ctx, "x", nil)
		wantCode(t, "a call to a silent peer", err, wire.Interrupted)
		if took := time.Since(start); took < 45*time.Second || took > 50*time.Second {
			t.Errorf("a silent peer was given up after %s; want 45 to 50 s", took)
		}
		if !strings.Contains(err.Error(), "silent") {
			t.Errorf("a call to a silent peer: %v; want the silence named", err)
		}
	})
}

func TestContextThatHasEnded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, protocol.Subprotocol)
		reason := errors.New("the user has left")
		canceled, cancel := context.WithCancelCause(t.Context())
		cancel(reason)
		late, cancelLate := context.WithTimeoutCause(t.Context(), -time.Second, reason)
		defer cancelLate()
		for _, target := range []string{"ws://bot", "ipcx://localhost", "discover://localhost"} {
			c := b.connect(target, nil)
			for range 20 { // both channels may be ready, and select takes either
				_, err := client.Dial(canceled, target, &client.Options{DialContext: b.DialContext})
				wantCode(t, target+": Dial, cancelled before", err, wire.Canceled, context.Canceled, reason)
				wantText(t, target+": Dial, cancelled before", err, "was not tried")
				_, err = client.Dial(late, target, &client.Options{DialContext: b.DialContext})
				wantCode(t, target+": Dial, too late", err, wire.Unavailable, context.DeadlineExceeded, reason)
				wantText(t, target+": Dial, too late", err, "was not tried")
				_, err = c.Request(canceled, "x", nil)
				wantCode(t, target+": a call, cancelled before", err, wire.Canceled, context.Canceled, reason)
				wantText(t, target+": a call, cancelled before", err, "was not sent")
				_, err = c.Request(late, "x", nil)
				wantCode(t, target+": a call, too late", err, wire.Timeout, context.DeadlineExceeded, reason)
				wantText(t, target+": a call, too late", err, "was not sent")
			}
		}
		if got := b.dialled(); got != nil {
			t.Errorf("dialled %v; want nothing", got)
		}
	})
}
