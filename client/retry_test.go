package client_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// TestSafeToRetry_bot fails calls in each way in which a bot can. It is safe to repeat
// those that no handler has begun.
func TestSafeToRetry_bot(t *testing.T) {
	bubble(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		srv := actors.NewServer(&actors.Options{Insecure: true, Logger: quiet})
		defer srv.Close()
		served := 0
		cog := cogs.Cog{Name: "c", Serial: true, MaxInFlight: 2, DrainTimeout: time.Second, Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "hang", func(ctx context.Context, _ wire.Empty) (wire.Empty, error) {
				served++
				<-ctx.Done()
				return wire.Empty{}, ctx.Err()
			})
			cogs.Handle(r, "passes on", func(context.Context, wire.Empty) (wire.Empty, error) {
				return wire.Empty{}, &wire.Error{Code: wire.Unavailable, Message: "away", NotRun: true} // the handler has met it elsewhere
			})
			return nil
		}}
		if err := srv.Load(t.Context(), cog); err != nil {
			t.Fatal(err)
		}
		c, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext, Logger: quiet})
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		want := func(what string, err error, code wire.Code, safe bool) {
			t.Helper()
			wantCode(t, what, err, code)
			if got := client.SafeToRetry(err); got != safe {
				t.Errorf("%s: SafeToRetry(%v) = %v; want %v", what, err, got, safe)
			}
		}
		_, err = c.Request(t.Context(), "passes on", nil)
		want("a handler's error", err, wire.Unavailable, false)

		runs := request(t.Context(), c, "hang")
		synctest.Wait()
		waits := request(t.Context(), c, "hang")
		synctest.Wait()
		_, err = c.Request(t.Context(), "hang", nil)
		want("one call too many", err, wire.Overloaded, true)
		if err := srv.Unload(t.Context(), "c"); err != nil {
			t.Fatal(err)
		}
		want("a call cut off by an unload", <-runs, wire.Unavailable, false)
		want("a call that waited for its turn at an unload", <-waits, wire.Unavailable, true)
		_, err = c.Request(t.Context(), "hang", nil)
		want("a route that is not there", err, wire.NoRoute, false)
		if served != 1 {
			t.Errorf("%d handlers have begun; want 1", served)
		}
		if client.SafeToRetry(nil) {
			t.Error("SafeToRetry(nil) = true; want false")
		}
	})
}

// TestSafeToRetry_client fails calls in each way in which the client can.
func TestSafeToRetry_client(t *testing.T) {
	bubble(t, func(t *testing.T) {
		b := newBot(t)
		c := b.connect("ws://bot", nil) // nobody is there
		_, err := c.Request(t.Context(), "r", nil)
		wantCode(t, "no bot", err, wire.Unavailable)
		if !client.SafeToRetry(err) {
			t.Errorf("no bot: SafeToRetry(%v) = false; want true", err)
		}
		ended, cancel := context.WithTimeout(t.Context(), 0)
		defer cancel()
		if _, err = c.Request(ended, "r", nil); !client.SafeToRetry(err) {
			t.Errorf("a context that has ended: SafeToRetry(%v) = false; want true", err)
		}
		c.Close()
		if _, err = c.Request(t.Context(), "r", nil); client.SafeToRetry(err) {
			t.Errorf("a closed client: SafeToRetry(%v) = true; want false", err)
		}

		b = v1Bot(t, "", hang)
		c = b.connect("ws://bot", nil)
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		_, err = c.Request(short, "r", nil)
		wantCode(t, "a call without an answer", err, wire.Timeout, client.ErrMayHaveRun)
		if client.SafeToRetry(err) {
			t.Errorf("a call without an answer: SafeToRetry(%v) = true; want false", err)
		}
		c.Close()

		b = v1Bot(t, "", func(p *peer) {
			if p.handshake("") {
				p.next()
				p.cut()
			}
		})
		c = b.connect("ws://bot", nil)
		_, err = c.Request(t.Context(), "r", nil)
		wantCode(t, "a lost connection", err, wire.Interrupted)
		if client.SafeToRetry(err) {
			t.Errorf("a lost connection: SafeToRetry(%v) = true; want false", err)
		}
		c.Close()
	})
}
