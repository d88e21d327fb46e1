package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestCancel(t *testing.T) {
	bubble(t, func(t *testing.T) {
		canceled := make(chan uint64, 1)
		c := v1Bot(t, "", func(p *peer) {
			r, _ := p.next()
			cancel, _ := p.next()
			if cancel.Verb != protocol.VerbCancel || cancel.ID != r.ID {
				t.Errorf("after call %d the client sent %+v; want its cancel", r.ID, cancel)
			}
			canceled <- cancel.ID
			next, _ := p.next()
			p.answer(r.ID, `"late"`) // the client drops it
			p.answer(next.ID, `"in time"`)
			hang(p)
		}).connect("ws://bot", nil)

		ctx, cancel := context.WithCancel(t.Context())
		failed := make(chan error)
		go func() {
			_, err := c.Request(ctx, "slow", nil)
			failed <- err
		}()
		synctest.Wait()
		start := time.Now()
		cancel()
		wantCode(t, "a call given up", <-failed, wire.Canceled, context.Canceled)
		if took := time.Since(start); took != 0 {
			t.Errorf("the caller waited %s; want it to return at once", took)
		}
		<-canceled
		got, err := c.Request(t.Context(), "fast", nil)
		if err != nil || string(got) != `"in time"` {
			t.Errorf("the next call = %s, %v; want its own reply", got, err)
		}
	})
}

func TestDeadlines(t *testing.T) {
	bubble(t, func(t *testing.T) {
		told := make(chan time.Duration, 9)
		c := v1Bot(t, "", func(p *peer) {
			for {
				r, ok := p.next()
				if !ok {
					return
				}
				told <- r.Timeout
			}
		}).connect("ws://bot", &client.Options{Timeout: 7 * time.Second})

		start := time.Now()
		_, err := c.Request(t.Context(), "slow", nil)
		wantCode(t, "a call without deadline", err, wire.Timeout, context.DeadlineExceeded)
		if took := time.Since(start); took != 7*time.Second {
			t.Errorf("a call without deadline took %s; want Options.Timeout", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
		defer cancel()
		start = time.Now()
		_, err = c.Request(ctx, "slow", nil)
		wantCode(t, "a call past its deadline", err, wire.Timeout, context.DeadlineExceeded)
		if took := time.Since(start); took != 1500*time.Millisecond {
			t.Errorf("a call with deadline took %s; want 1.5s", took)
		}
		if a, b := <-told, <-told; a != 7*time.Second || b != 1500*time.Millisecond {
			t.Errorf("the bot was told %s and %s; want 7s and 1.5s", a, b)
		}
		_, err = c.Request(ctx, "slow", nil)
		wantCode(t, "a call with a dead context", err, wire.Timeout, context.DeadlineExceeded)
		if len(told) != 0 {
			t.Error("a call with a dead context was sent")
		}
	})
}

// A bot that does not read holds no call past its deadline, even if much waits for the
// bot.
func TestDeadlinesOfADeafBot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		awake := make(chan struct{})
		b := v1Bot(t, "", func(p *peer) {
			<-awake
			echo(p)
		})
		c := b.connect("ws://bot", &client.Options{Timeout: time.Second})
		large := json.RawMessage(`"` + strings.Repeat("x", 3<<20) + `"`)
		patient := make(chan error)
		go func() {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			_, err := c.Request(ctx, "echo", 0)
			patient <- err
		}()
		synctest.Wait() // the call is on its way
		start := time.Now()
		var sent, unsent atomic.Int64
		var wg sync.WaitGroup
		for i := range 9 {
			wg.Go(func() {
				limit := 2 * time.Second
				ctx, cancel := context.WithTimeout(t.Context(), limit)
				defer cancel()
				code, cause := wire.Timeout, context.DeadlineExceeded
				switch i % 3 {
				case 1:
					time.AfterFunc(limit/2, cancel)
					limit, code, cause = limit/2, wire.Canceled, context.Canceled
				case 2:
					ctx, limit = t.Context(), time.Second // the client's timeout
				}
				_, err := c.Request(ctx, "echo", large)
				if took := time.Since(start); took != limit {
					t.Errorf("call %d took %s; want %s", i, took, limit)
				}
				if wire.CodeOf(err) == wire.Overloaded {
					code = wire.Overloaded
				}
				wantCode(t, fmt.Sprint("call ", i), err, code, cause)
				if strings.Contains(err.Error(), "was not sent") {
					unsent.Add(1)
				} else {
					sent.Add(1)
				}
			})
		}
		wg.Wait()
		if sent.Load() != 5 || unsent.Load() != 4 {
			t.Errorf("%d calls were sent and %d not; want 5 and 4, since 16 MiB may wait", sent.Load(), unsent.Load())
		}
		close(awake)
		if err := <-patient; err != nil {
			t.Errorf("a call with more time: %v; want its reply", err)
		}
		if got, err := c.Request(t.Context(), "echo", large); err != nil || len(got) != len(large) {
			t.Errorf("Request = %d bytes, %v; want %d", len(got), err, len(large))
		}
	})
}

// A call that waits for room is sent, goes to another connection, or ends with the
// client.
func TestRoomForACall(t *testing.T) {
	nod := func(p *peer) {
		for r, ok := p.next(); ok; r, ok = p.next() {
			p.answer(r.ID, "1")
		}
	}
	for name, test := range map[string]struct {
		then func(b *bot, c *client.Client, p *peer)
		code wire.Code
		also []error
	}{
		"bot reads":   {then: func(_ *bot, _ *client.Client, p *peer) { nod(p) }},
		"bot is gone": {then: func(_ *bot, _ *client.Client, p *peer) { p.cut() }},
		"goaway": {then: func(_ *bot, _ *client.Client, p *peer) {
			p.send(`{"goaway":{"reason":"deaf"}}`)
			time.Sleep(time.Minute)
			p.cut()
		}},
		"client is closed": {
			then: func(_ *bot, c *client.Client, p *peer) {
				start := time.Now()
				c.Close()
				if took := time.Since(start); took > 3*time.Second {
					p.b.t.Errorf("Close took %s with a deaf peer; want a moment", took)
				}
			},
			code: wire.Unavailable, also: []error{client.ErrClosed},
		},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				peers := make(chan *peer, 1)
				ended := make(chan struct{})
				b := v1Bot(t, "", func(p *peer) { peers <- p; <-ended })
				c := b.connect("ws://bot", nil)
				large := json.RawMessage(`"` + strings.Repeat("x", 4_000_000) + `"`)
				ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
				defer cancel()
				for i := range 5 { // one is being written, four wait
					go func() { _, _ = c.Request(ctx, "first", large) }()
					if i == 0 {
						synctest.Wait()
					}
				}
				synctest.Wait()
				outcome := make(chan error)
				go func() {
					_, err := c.Request(ctx, "last", large)
					outcome <- err
				}()
				synctest.Wait()
				b.at("bot:8765", func(p *peer) { p.handshake(""); nod(p) })
				start := time.Now()
				p := <-peers
				go func() { test.then(b, c, p); close(ended) }()
				wantCode(t, "a call that waited for room", <-outcome, test.code, test.also...)
				if took := time.Since(start); took > time.Second {
					t.Errorf("a call that waited for room took %s more; want a moment", took)
				}
				c.Close()
				<-ended
			})
		})
	}
}

// A client sends no more calls than the bot takes: the next one waits. A call
// that was given up is in flight until it is answered.
func TestLimitOfTheConnection(t *testing.T) {
	bubble(t, func(t *testing.T) {
		release := make(chan struct{})
		b := newBot(t, protocol.Subprotocol)
		b.at("bot:8765", func(p *peer) {
			if !p.welcome("", protocol.WelcomeBody{Calls: 2}) {
				return
			}
			first, _ := p.next()
			second, _ := p.next()
			<-release
			p.answer(first.ID, `1`)
			p.answer(second.ID, `2`)
			echo(p)
		})
		c := b.connect("ws://bot", nil)
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		var wg sync.WaitGroup
		for range 2 {
			wg.Go(func() {
				_, err := c.Request(ctx, "slow", nil)
				wantCode(t, "a call that is not answered", err, wire.Timeout)
			})
		}
		synctest.Wait()
		_, err := c.Request(ctx, "third", nil)
		wantCode(t, "a call that found no slot", err, wire.Overloaded, context.DeadlineExceeded)
		wg.Wait()

		wg.Go(func() {
			if got, err := c.Request(t.Context(), "fourth", 4); err != nil || string(got) != "4" {
				t.Errorf("a call that waited for a slot = %s, %v; want 4", got, err)
			}
		})
		synctest.Wait()
		close(release)
		wg.Wait()
	})
}
