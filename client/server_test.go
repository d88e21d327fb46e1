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

// These tests use the real server, because a scripted one might have the same fault as
// the client.
func TestRealServer(t *testing.T) {
	bubble(t, func(t *testing.T) {
		quiet := slog.New(slog.DiscardHandler)
		srv := actors.NewServer(&actors.Options{Secret: "s3cret", Logger: quiet})
		gone := make(chan error, 9)
		err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, describe, func(_ context.Context, g guild) (guild, error) { return g, nil })
			cogs.Handle(r, "slow", func(ctx context.Context, _ wire.Empty) (wire.Empty, error) {
				<-ctx.Done()
				gone <- context.Cause(ctx)
				return wire.Empty{}, ctx.Err()
			})
			return nil
		}})
		if err != nil {
			t.Fatal(err)
		}
		connect := func(target, secret string) *client.Client {
			c, err := client.New(target, &client.Options{Secret: secret, DialContext: srv.DialContext, Logger: quiet})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		for _, target := range []string{"ws://bot", "ipcx://localhost"} {
			c := connect(target, "s3cret")
			want := guild{ID: 1125899906842624123, Name: "x"}
			if got, err := client.Call(t.Context(), c, describe, want); err != nil || got != want {
				t.Errorf("%s: Call = %+v, %v; want %+v", target, got, err, want)
			}
			_, err := c.Request(t.Context(), "nowhere", nil)
			wantCode(t, target+": a route that is not there", err, wire.NoRoute)
			_, err = c.Request(t.Context(), "guilds.describe", map[string]any{"id": "x"})
			wantCode(t, target+": a bad request", err, wire.BadRequest)

			ctx, cancel := context.WithCancel(t.Context())
			call := request(ctx, c, "slow")
			synctest.Wait()
			cancel()
			wantCode(t, target+": a call given up", <-call, wire.Canceled, context.Canceled, client.ErrMayHaveRun)
			<-gone // the handler's context has ended
			c.Close()

			c = connect(target, "wrong")
			_, err = c.Request(t.Context(), "slow", nil)
			wantCode(t, target+": a wrong secret", err, wire.Unauthorized)
			c.Close()
		}

		c := connect("ws://bot", "s3cret")
		call := request(t.Context(), c, "slow")
		time.Sleep(time.Second)
		srv.Close()
		if err := <-call; err == nil {
			t.Error("a call in flight when the bot stopped succeeded")
		}
		c.Close()
	})
}
