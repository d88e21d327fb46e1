package loadtest_test

import (
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

const secret, adminSecret = "the secret", "the admin's"

// start starts a bot in memory and returns a plan that calls its routes.
func start(t *testing.T, list ...cogs.Cog) loadtest.Plan {
	t.Helper()
	srv := actors.NewServer(&actors.Options{Secret: secret, AdminSecret: adminSecret, Logger: slog.New(slog.DiscardHandler)})
	for _, c := range list {
		if err := srv.Load(t.Context(), c); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = srv.Close() })
	return loadtest.Plan{
		Target:      "ws://localhost",
		Client:      &client.Options{Secret: secret, DialContext: srv.DialContext},
		AdminSecret: adminSecret,
	}
}

// limited is like cogs.Single, with another limit of calls in flight.
func limited[Req, Resp any](n int, route wire.Route[Req, Resp], handle func(context.Context, Req) (Resp, error)) cogs.Cog {
	c := cogs.Single(route, handle)
	c.MaxInFlight = n
	return c
}

func calling(routes ...string) scenario.Scenario {
	var s scenario.Scenario
	for _, text := range routes {
		r, err := scenario.ParseRoute(text)
		if err != nil {
			panic(err)
		}
		s.Routes = append(s.Routes, r)
	}
	return s
}

// TestRun_stall stops the bot for 100 ms, during an open loop of five seconds. All
// calls that were due meanwhile wait until the stop ends.
func TestRun_stall(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX} {
		t.Run(string(dialect), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				p := start(t, limited(4000, "echo", func(context.Context, wire.Empty) (wire.Empty, error) {
					const from = 2 * time.Second
					if at := time.Since(begin); at >= from && at < from+100*time.Millisecond {
						time.Sleep(from + 100*time.Millisecond - at)
					}
					return wire.Empty{}, nil
				}))
				p.Dialect, p.Scenario = dialect, calling("echo")
				p.Rate, p.Duration, p.Connections = 1000, 5*time.Second, 16
				r, err := loadtest.Run(t.Context(), p)
				if err != nil {
					t.Fatalf("Run() = %v", err)
				}
				if got, want := r.Rate.Sent, 1000.0; got < want*0.995 || got > want*1.005 {
					t.Errorf("rate = %g; want %g within 0.5 %%", got, want)
				}
				if got := r.Response.P999; got < 90 {
					t.Errorf("response p99.9 = %g ms; want at least 90 ms after a stop of 100 ms", got)
				}
				if r.Sent != r.Answered || len(r.Invalid) > 0 {
					t.Errorf("counts = %+v, invalid %q; want all answered and valid", r.Counts, r.Invalid)
				}
			})
		})
	}
}
