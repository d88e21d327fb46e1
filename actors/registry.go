package actors

import (
	"slices"

	"github.com/asynkron/protoactor-go/actor"
)

// registryBuckets is how many locked maps there are for PIDs, each of 32 parts.
const registryBuckets = 4

// trimRegistry gives a new system a small registry of PIDs. The library's own has
// 32,768 maps from the start, which are 3 MB in 65,000 objects: all the memory of a
// small bot, and each collection of garbage looks at every one of them, for up to
// 15 ms on one processor.
func trimRegistry(system *actor.ActorSystem) {
	all := system.ProcessRegistry.LocalPIDs.LocalPIDs
	few := &actor.SliceMap{LocalPIDs: slices.Clone(all[:registryBuckets])}
	for _, bucket := range all[registryBuckets:] {
		for id, process := range bucket.Items() {
			few.GetBucket(id).Set(id, process)
		}
	}
	system.ProcessRegistry.LocalPIDs = few
}
