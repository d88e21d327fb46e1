package client_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

func TestClose(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", hang)
		c := b.connect("ws://bot", nil)
		flying := request(t.Context(), c, "x")
		synctest.Wait()
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		wantCode(t, "a call in flight", <-flying, wire.Canceled, client.ErrClosed, context.Canceled, client.ErrMayHaveRun)
		later := <-request(t.Context(), c, "x")
		wantCode(t, "a later call", later, wire.Unavailable, client.ErrClosed)
		if errors.Is(later, client.ErrMayHaveRun) {
			t.Errorf("a later call = %v; want no ErrMayHaveRun: it was not sent", later)
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}

		// while a call waits for the bot
		b.at("bot:8765", func(p *peer) {
			if r, ok := p.next(); ok {
				_ = r // the bot sends no welcome
			}
			hang(p)
		})
		c = b.connect("ws://bot", nil)
		waiting := request(t.Context(), c, "x")
		synctest.Wait()
		c.Close()
		wantCode(t, "a call that waits for the handshake", <-waiting, wire.Unavailable, client.ErrClosed)

		// while no call waits
		if err := b.connect("ws://bot", nil).Close(); err != nil {
			t.Errorf("Close of a client that was not used: %v", err)
		}
	})
}

func TestCloseWhilePeerIsDeaf(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) { time.Sleep(time.Hour) })
		c := b.connect("ws://bot", nil)
		call := request(t.Context(), c, "x")
		time.Sleep(time.Second)
		start := time.Now()
		c.Close()
		if took := time.Since(start); took > 3*time.Second {
			t.Errorf("Close took %s with a deaf peer; want a moment", took)
		}
		wantCode(t, "a call in flight", <-call, wire.Canceled, client.ErrClosed)
	})
}
