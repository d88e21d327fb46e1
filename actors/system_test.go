package actors

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/workers"
)

// TestNewSystem spawns more actors than the registry has maps, and stops them.
func TestNewSystem(t *testing.T) {
	system := newSystem()
	var pool workers.Pool
	defer pool.Close()
	nothing := propsOf(func() actor.Actor { return actor.ReceiveFunc(func(actor.Context) {}) }, &pool, slog.New(slog.DiscardHandler))
	var pids []*actor.PID
	for range 400 {
		pids = append(pids, system.Root.Spawn(nothing))
	}
	if _, err := system.Root.SpawnNamed(nothing, pids[0].Id); err == nil {
		t.Error("SpawnNamed with the name of an actor = nil; want an error")
	}
	for _, pid := range pids {
		if _, ok := system.ProcessRegistry.Get(pid); !ok {
			t.Errorf("Get(%s) finds nothing; want its actor", pid.Id)
		}
		if err := system.Root.StopFuture(pid).Wait(); err != nil {
			t.Errorf("stop %s = %v; want nil", pid.Id, err)
		}
		if _, ok := system.ProcessRegistry.Get(pid); ok {
			t.Errorf("Get(%s) finds an actor that has stopped", pid.Id)
		}
		for range 10 {
			system.Root.Send(pid, "too late") // dropped
		}
		if err := system.Root.StopFuture(pid).Wait(); err != nil {
			t.Errorf("stop %s again = %v; want nil: it is known to be gone", pid.Id, err)
		}
	}
}

// TestNewSystem_panic lets an actor panic in each way that it can. It goes on.
func TestNewSystem_panic(t *testing.T) {
	system := newSystem()
	var pool workers.Pool
	defer pool.Close()
	var log bytes.Buffer
	answers := make(chan string)
	answer := actor.ReceiveFunc(func(ctx actor.Context) {
		switch m := ctx.Message().(type) {
		case chan<- string:
			m <- "here"
		default:
			panic("oh no")
		}
	})
	pid := system.Root.Spawn(propsOf(func() actor.Actor { return answer }, &pool, slog.New(slog.NewTextHandler(&log, nil))))
	for range 20 {
		system.Root.Send(pid, "panic")
		system.Root.Send(pid, (chan<- string)(answers))
		if got := <-answers; got != "here" {
			t.Errorf("the actor answers %q; want here", got)
		}
	}
	if err := system.Root.StopFuture(pid).Wait(); err != nil {
		t.Errorf("stop = %v; want nil", err)
	}
	// Started, Stopping and Stopped panic too
	if n := strings.Count(log.String(), `panic="oh no"`); n != 23 {
		t.Errorf("%d panics are in the log; want 23:\n%.2000s", n, log.String())
	}
}

// TestNewServer_allocations bounds the memory of a new server, since each test of a cog
// makes one.
func TestNewServer_allocations(t *testing.T) {
	n := testing.AllocsPerRun(5, func() { _ = NewServer(nil).Close() })
	t.Logf("%.0f allocations", n)
	if n > 3000 {
		t.Errorf("NewServer and Close make %.0f allocations; want at most 3000", n)
	}
}
