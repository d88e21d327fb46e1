package loadtest_test

import (
	"context"
	"log/slog"
	"net"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest"
)

// descriptors returns the number of files and sockets that the process has open.
func descriptors(t *testing.T) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestRun_sockets opens and replaces 200 TCP connections, and checks that none of them
// and none of their goroutines is left.
func TestRun_sockets(t *testing.T) {
	for _, dialect := range []loadtest.Dialect{loadtest.V1, loadtest.IPCX} {
		goroutines, files := runtime.NumGoroutine(), descriptors(t)
		srv := actors.NewServer(&actors.Options{Secret: secret, AdminSecret: adminSecret, Logger: slog.New(slog.DiscardHandler)})
		if err := srv.Load(t.Context(), working(time.Millisecond)); err != nil {
			t.Fatal(err)
		}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		served := make(chan error)
		go func() { served <- srv.Serve(ctx, l) }() // ends with stop
		p := loadtest.Plan{
			Target: "ws://" + l.Addr().String(), Dialect: dialect, Client: &client.Options{Secret: secret}, AdminSecret: adminSecret,
			Scenario: calling("work"), Rate: 500, Duration: 400 * time.Millisecond, Connections: 200, Churn: 100,
			Faults: faults(t, "churn=50/s@100ms+200ms,slow-reader=2@100ms"),
		}
		r := mustRun(t, p)
		if r.Sent != 200 || r.Answered < 100 || r.Lines.Opened < 200 || r.Lines.Failed > 0 {
			t.Errorf("%s: counts %+v, connections %+v; want 200 of each", dialect, r.Counts, r.Lines)
		}
		const mb = 1 << 20
		if g := r.Generator; g.CPU <= 0 || g.Cores <= 0 || g.Cores > float64(runtime.NumCPU())+0.5 || g.MaxRSS < 5*mb || g.MaxRSS > 8192*mb || g.Lag.Count != 200 {
			t.Errorf("%s: generator = %+v; want processor time, and the memory of a program", dialect, g)
		}
		stop()
		if err := <-served; err != nil {
			t.Errorf("Serve() = %v", err)
		}
		if err := srv.Close(); err != nil {
			t.Errorf("Close() = %v", err)
		}
		tick, limit := time.NewTicker(time.Millisecond), time.After(20*time.Second)
		defer tick.Stop()
		for runtime.NumGoroutine() > goroutines || descriptors(t) > files { // a goroutine may need a moment to end
			select {
			case <-tick.C:
			case <-limit:
				t.Fatalf("%s: %d goroutines and %d descriptors are left; want %d and %d", dialect, runtime.NumGoroutine(), descriptors(t), goroutines, files)
			}
		}
	}
}
