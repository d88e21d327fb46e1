package actors

import (
	"testing"

	"github.com/asynkron/protoactor-go/actor"
)

// TestTrimRegistry finds what was registered before, and registers more.
func TestTrimRegistry(t *testing.T) {
	system := actor.NewActorSystem()
	defer system.Shutdown()
	nothing := actor.PropsFromFunc(func(actor.Context) {})
	var pids []*actor.PID
	for range 200 {
		pids = append(pids, system.Root.Spawn(nothing))
	}
	if n := len(system.ProcessRegistry.LocalPIDs.LocalPIDs); n <= registryBuckets || n%registryBuckets != 0 {
		t.Fatalf("the library's registry has %d buckets; want a multiple of %d", n, registryBuckets)
	}
	trimRegistry(system)
	if n := len(system.ProcessRegistry.LocalPIDs.LocalPIDs); n != registryBuckets {
		t.Errorf("the registry has %d buckets; want %d", n, registryBuckets)
	}
	for range 200 {
		pids = append(pids, system.Root.Spawn(nothing))
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
	}
}
