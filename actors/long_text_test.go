package actors_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// TestLongText_hidesNoOtherCog has one cog fail with megabytes of text in each place where
// operators see the text. The bot's lists of all cogs must still fit into a message.
func TestLongText_hidesNoOtherCog(t *testing.T) {
	long := strings.Repeat("x", 5<<20)
	for _, where := range []string{"setup", "setup panics", "wire error", "cleanup", "many cleanups", "save", "restore", "task", "task panics", "build"} {
		t.Run(where, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				log := &logbook{}
				var armed atomic.Bool
				at := func(place string) bool { return place == where && armed.Load() }
				srv := newServer(t, &actors.Options{Secret: secret, AdminSecret: adminSecret, Logger: log.logger()})
				cog := cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
					r.KeepFunc("n", func() ([]byte, error) {
						if at("save") {
							return nil, errors.New(long)
						}
						return []byte("1"), nil
					}, func([]byte) error {
						if at("restore") {
							return errors.New(long)
						}
						return nil
					})
					r.Cleanup(func() {
						if at("cleanup") {
							panic(long)
						}
					})
					if at("many cleanups") {
						for range 2000 {
							r.Cleanup(func() { panic(long) })
						}
					}
					if strings.HasPrefix(where, "task") {
						r.Go(func(ctx context.Context) error {
							switch {
							case at("task"):
								return errors.New(long)
							case at("task panics"):
								panic(long)
							}
							<-ctx.Done()
							return nil
						})
					}
					switch {
					case at("setup"):
						return errors.New(long)
					case at("setup panics"):
						panic(errors.New(long))
					case at("wire error"):
						return fmt.Errorf("wrapped: %w", wire.Errorf("a", "%s", long))
					case at("build"):
						(*instance.Recorder)(r).Revision(long, 0)
					}
					return nil
				}}
				if err := srv.Load(t.Context(), cog); err != nil {
					t.Fatal(err)
				}
				bot := adminOf(t, srv)
				armed.Store(true)
				for range 35 {
					_, err := bot.Request(t.Context(), string(admin.Reload), admin.ReloadRequest{Name: "c"})
					if n := len(fmt.Sprint(err)); n > 10_000 {
						t.Errorf("Call(cogbus.reload) = an error of %d bytes; want it clipped", n)
					}
				}
				time.Sleep(5 * time.Second)
				for _, route := range []string{string(admin.Cogs), string(admin.Stats), string(admin.Routes)} {
					text, err := bot.Request(t.Context(), route, nil)
					if err != nil || len(text) > 50_000 {
						t.Errorf("Call(%s) = %d bytes, %.200v; want at most 50,000, and no error", route, len(text), err)
					}
				}
				if s := srv.Cogs()[0]; s.LastError != "" && !strings.Contains(s.LastError, "bytes more)") {
					t.Errorf("LastError = %.50q...%q; want a mark that it is clipped", s.LastError, s.LastError[max(0, len(s.LastError)-50):])
				}
				if n := len(log.String()); n > 2<<20 {
					t.Errorf("the log has %d bytes; want its texts clipped", n)
				}
			})
		})
	}
}

// TestHandler_longText checks that a long error is cut in the log, and that the caller gets
// the whole text of a *wire.Error.
func TestHandler_longText(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		long := strings.Repeat("x", 1<<20)
		srv := newServer(t, &actors.Options{Secret: secret, Logger: log.logger()})
		if err := srv.Load(t.Context(), cogs.Cog{Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, "error", func(context.Context, wire.Empty) (int, error) { return 0, errors.New(long) })
			cogs.Handle(r, "panic", func(context.Context, wire.Empty) (int, error) { panic(long) })
			cogs.Handle(r, "wire", func(context.Context, wire.Empty) (int, error) { return 0, wire.Errorf("long", "%s", long) })
			return nil
		}}); err != nil {
			t.Fatal(err)
		}
		bot := clientOf(t, srv)
		for _, endpoint := range []string{"error", "panic"} {
			if _, err := bot.Request(t.Context(), endpoint, nil); wire.CodeOf(err) != wire.Internal {
				t.Errorf("Call(%s) = %.200v; want internal", endpoint, err)
			}
		}
		_, err := bot.Request(t.Context(), "wire", nil)
		if e, ok := errors.AsType[*wire.Error](err); !ok || e.Message != long {
			t.Errorf("Call(wire) = %.200v; want the whole message", err)
		}
		if n := len(log.String()); n > 100_000 {
			t.Errorf("the log has %d bytes; want its texts clipped", n)
		}
	})
}

// TestName_tooLong gives a cog, a route and a kept value names of megabytes.
func TestName_tooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		long := strings.Repeat("x", 257)
		srv, bot := cogtest.Start(t)
		for what, cog := range map[string]cogs.Cog{
			"cog": {Name: long, Setup: func(context.Context, *cogs.Registrar) error { return nil }},
			"route": {Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				cogs.Handle(r, wire.Route[int, int](long), func(context.Context, int) (int, error) { return 1, nil })
				return nil
			}},
			"relay": {Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error {
				(*instance.Recorder)(r).Relay(long, 0, func(context.Context, []byte, func([]byte, error)) {})
				return nil
			}},
			"keep": {Name: "c", Setup: func(_ context.Context, r *cogs.Registrar) error { cogs.Keep(r, long, new(int)); return nil }},
		} {
			if err := srv.Load(t.Context(), cog); err == nil || !strings.Contains(err.Error(), "longer than 256 bytes") {
				t.Errorf("Load of a long name of a %s = %.200v; want an error that says so", what, err)
			}
		}
		if text, err := bot.Request(t.Context(), string(admin.Cogs), nil); err != nil || string(text) != "[]" {
			t.Errorf("Call(cogbus.cogs) = %.200s, %v; want none", text, err)
		}
	})
}
