package client_test

import (
	"context"
	"math/rand/v2"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// This bot answers late, cuts connections, says goaway and goes away. Each call has one
// outcome by its deadline, its own reply if any, and reaches the bot at most once.
func TestChaos(t *testing.T) {
	for seed := range uint64(20) {
		bubble(t, func(t *testing.T) {
			var mu sync.Mutex // protects ran and random
			ran := map[string]int{}
			random := rand.New(rand.NewPCG(seed, 0))
			dice := func(n int) int {
				mu.Lock()
				defer mu.Unlock()
				return random.IntN(n)
			}
			b := newBot(t, protocol.Subprotocol)
			script := func(p *peer) {
				if dice(5) == 0 || !p.welcome("s3cret", protocol.WelcomeBody{Calls: 4}) {
					p.cut()
					return
				}
				var wg sync.WaitGroup
				defer wg.Wait()
				for {
					r, ok := p.next()
					if !ok {
						return
					}
					if r.Verb != protocol.VerbCall {
						continue
					}
					mu.Lock()
					ran[string(r.Data)]++
					mu.Unlock()
					switch dice(40) {
					case 0:
						p.cut()
					case 1:
						p.send(`{"goaway":{"reason":"chaos"}}`)
					case 2:
						p.conn.StartClose(1001, "chaos")
					case 3:
						time.Sleep(time.Duration(dice(10_000)) * time.Millisecond)
					}
					wg.Go(func() {
						time.Sleep(time.Duration(dice(500)) * time.Millisecond)
						p.answer(r.ID, string(r.Data))
					})
				}
			}
			b.at("bot:8765", script)
			c := b.connect("ws://bot", &client.Options{Secret: "s3cret"})
			stop := make(chan struct{})
			var away sync.WaitGroup
			away.Go(func() {
				for {
					for _, s := range []func(*peer){script, nil} {
						b.at("bot:8765", s)
						select {
						case <-stop:
							return
						case <-time.After(time.Duration(1000+dice(3000)) * time.Millisecond):
						}
					}
				}
			})
			outcomes := map[wire.Code]int{}
			var callers sync.WaitGroup
			for caller := range 10 {
				callers.Go(func() {
					for i := range 50 {
						limit := time.Duration(1+dice(2000)) * time.Millisecond
						ctx, cancel := context.WithTimeout(t.Context(), limit)
						if dice(10) == 0 {
							time.AfterFunc(limit/2, cancel)
						}
						n := caller*1000 + i
						start := time.Now()
						got, err := c.Request(ctx, "x", n)
						if took := time.Since(start); took > limit {
							t.Errorf("call %d took %s; want at most %s", n, took, limit)
						}
						cancel()
						if err == nil && string(got) != strconv.Itoa(n) {
							t.Errorf("call %d = %s; want its own reply", n, got)
						}
						mu.Lock()
						outcomes[wire.CodeOf(err)]++
						if code := wire.CodeOf(err); (code == wire.Unavailable || code == wire.Overloaded) && ran[strconv.Itoa(n)] > 0 {
							t.Errorf("call %d ran, and failed with %v", n, err)
						}
						mu.Unlock()
					}
				})
			}
			callers.Wait()
			close(stop)
			away.Wait()
			c.Close()
			b.wg.Wait() // every message that was sent has arrived
			for n, times := range ran {
				if times > 1 {
					t.Errorf("call %s reached the bot %d times", n, times)
				}
			}
			if seed == 0 {
				t.Logf("outcomes: %v", outcomes)
			}
		})
	}
}
