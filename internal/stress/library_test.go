//go:build stress

package stress

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

func (w *world) client(target, secret string) (*client.Client, error) {
	return client.New(target, &client.Options{Secret: secret, Logger: slog.New(slog.NewTextHandler(io.Discard, nil))})
}

// library is the life of one client of package client, with some callers.
func (w *world) library(target string, by caller, callers int) {
	bot, err := w.client(target, secret)
	if err != nil {
		w.bad.add("a client cannot connect", "%s: %v", target, err)
		return
	}
	until := time.Now().Add(time.Duration(500+rand.IntN(3000)) * time.Millisecond)
	var work sync.WaitGroup
	for range callers {
		work.Go(func() {
			for time.Now().Before(until) && !w.over() {
				w.callOnce(bot, by)
				if by == byOneShot {
					time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond) // each takes a port for a minute
				}
			}
		})
	}
	if rand.IntN(3) == 0 { // with calls in flight
		time.Sleep(time.Until(until) / 2)
		w.work.do(operation{name: "close a client with calls in flight", limit: 2 * patience}, func(context.Context) error { return bot.Close() })
	}
	work.Wait()
	_ = bot.Close()
}

// callOnce calls a route, with a deadline, a cancel or neither.
func (w *world) callOnce(bot *client.Client, by caller) {
	ctx, cancel := context.WithTimeout(context.Background(), unsaid)
	defer cancel()
	r := w.request(by)
	switch n := rand.IntN(6); {
	case n == 0, r.waits():
		ctx, cancel = context.WithTimeout(ctx, time.Duration(rand.IntN(5000))*time.Microsecond)
		defer cancel()
	case n == 1:
		defer time.AfterFunc(time.Duration(rand.IntN(1000))*time.Microsecond, cancel).Stop()
	}
	began := time.Now()
	data, err := bot.Request(ctx, r.endpoint, r.data)
	w.book.answer(r.token, fateInClient(err), time.Since(began))
	if deadline, ok := ctx.Deadline(); ok {
		w.book.due(w.bad, r, by, deadline)
	}
	if err == nil {
		w.check(r, by, data)
	}
	if err != nil && wire.CodeOf(err) == wire.Unavailable && strings.Contains(err.Error(), "the client is closed") {
		time.Sleep(10 * time.Millisecond) // otherwise it would ask a million times
	}
}
