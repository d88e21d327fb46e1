package client_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// TestWaitForBot dials a bot that comes three minutes later. Without the option a dial
// fails at once; with it, calls wait too, each until its own deadline.
func TestWaitForBot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t, "cogbus.v1")
		quiet := slog.New(slog.DiscardHandler)
		_, err := client.Dial(t.Context(), "ws://bot", &client.Options{DialContext: b.DialContext, Logger: quiet})
		wantCode(t, "without the option", err, wire.Unavailable)

		c := b.connect("ws://bot", &client.Options{WaitForBot: true})
		short, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		began := time.Now()
		_, err = c.Request(short, "r", nil)
		wantCode(t, "a call with less time", err, wire.Unavailable, context.DeadlineExceeded)
		if took := time.Since(began); took != 20*time.Second {
			t.Errorf("the call with 20 s failed after %v", took)
		}

		const away = 3 * time.Minute
		time.AfterFunc(away, func() {
			b.at("bot:8765", func(p *peer) {
				if p.handshake("") {
					echo(p)
				}
			})
		})
		began = time.Now()
		dialled, err := client.Dial(t.Context(), "ws://bot", &client.Options{DialContext: b.DialContext, Logger: quiet, WaitForBot: true})
		if err != nil {
			t.Fatalf("Dial of a bot that comes later = %v; want nil", err)
		}
		defer dialled.Close()
		if took := time.Since(began); took < away || took > away+5*time.Second {
			t.Errorf("Dial took %v; want %v and a pause between attempts", took, away)
		}
		if _, err := c.Request(t.Context(), "r", nil); err != nil {
			t.Errorf("a call when the bot is there = %v; want nil", err)
		}
	})
}

// TestWaitForBot_wrongSecret does not wait for what waiting does not change.
func TestWaitForBot_wrongSecret(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "right", echo)
		_, err := client.Dial(t.Context(), "ws://bot", &client.Options{Secret: "wrong", DialContext: b.DialContext, WaitForBot: true, Logger: slog.New(slog.DiscardHandler)})
		wantCode(t, "a wrong secret", err, wire.Unauthorized)
	})
}

// TestOnState watches a connection that is made, lost, made again and closed.
func TestOnState(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			if r, ok := p.next(); ok {
				p.answer(r.ID, "1")
			}
			time.Sleep(2 * time.Second)
			p.cut()
		})
		states := make(chan client.State, 10)
		c := b.connect("ws://bot", &client.Options{OnState: func(s client.State) { states <- s }})
		for range 2 {
			if _, err := c.Request(t.Context(), "r", nil); err != nil {
				t.Fatal(err)
			}
			if s := <-states; !s.Connected || s.Err != nil {
				t.Errorf("the state after a call = %+v; want connected", s)
			}
			s := <-states
			if s.Connected || wire.CodeOf(s.Err) != wire.Interrupted || !strings.Contains(s.Err.Error(), "was lost: it was cut off") {
				t.Errorf("the state after the bot has cut the connection = %+v; want the loss", s)
			}
		}
		if _, err := c.Request(t.Context(), "r", nil); err != nil {
			t.Fatal(err)
		}
		<-states
		c.Close()
		if s := <-states; s.Connected || !errors.Is(s.Err, client.ErrClosed) {
			t.Errorf("the state after Close = %+v; want ErrClosed", s)
		}
	})
}

// TestOnState_slow has a function that takes its time: it is told of the last state, and
// holds up neither calls nor, for more than a second, Close.
func TestOnState_slow(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := v1Bot(t, "", func(p *peer) {
			if r, ok := p.next(); ok {
				p.answer(r.ID, "1")
			}
			p.cut()
		})
		var told []bool
		free := make(chan struct{})
		c := b.connect("ws://bot", &client.Options{OnState: func(s client.State) {
			told = append(told, s.Connected)
			<-free
		}})
		for range 5 {
			began := time.Now()
			if _, err := c.Request(t.Context(), "r", nil); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("a call took %v", took)
			}
			time.Sleep(time.Second)
		}
		began := time.Now()
		c.Close()
		if took := time.Since(began); took > 2*time.Second {
			t.Errorf("Close took %v; want a second at most for a function that hangs", took)
		}
		close(free)
		synctest.Wait()
		if len(told) != 2 || !told[0] || told[1] {
			t.Errorf("the function was told %v; want the first state and the last", told)
		}
	})
}
