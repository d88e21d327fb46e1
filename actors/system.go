package actors

import (
	"fmt"
	"log/slog"
	"runtime/debug"

	"github.com/asynkron/protoactor-go/actor"
	"github.com/asynkron/protoactor-go/eventstream"
	"github.com/asynkron/protoactor-go/extensions"
	cmap "github.com/orcaman/concurrent-map"

	"github.com/cogbus/cogbus/internal/workers"
)

// registryBuckets is the number of locked maps for PIDs. Each has 32 parts.
const registryBuckets = 4

// newSystem puts an actor system together like the library's constructor, with three
// differences:
//
//   - The registry of PIDs is small. The library's has 32,768 maps from the start:
//     3 MB in 65,000 objects. That is all the memory of a small bot, and each garbage
//     collection looks at it.
//   - Messages without a receiver are dropped, without a goroutine that counts them.
//   - There is no logger, since only the constructor can set one. The library logs a
//     panic of Receive, so the actors of such a system must be guarded.
//
// Do not call the system's Shutdown: it panics here.
func newSystem() *actor.ActorSystem {
	system := &actor.ActorSystem{ID: "cogbus", Config: actor.Configure(), Extensions: extensions.NewExtensions()}
	pids := &actor.SliceMap{}
	for range registryBuckets {
		pids.LocalPIDs = append(pids.LocalPIDs, cmap.New())
	}
	system.ProcessRegistry = &actor.ProcessRegistryValue{ActorSystem: system, Address: "nonhost", LocalPIDs: pids}
	system.Root = actor.NewRootContext(system, actor.EmptyMessageHeader)
	system.Guardians = actor.NewGuardians(system)
	system.Extensions.Register(actor.NewMetrics(system, nil)) // no metrics, but each spawn asks for the extension
	system.EventStream = eventstream.NewEventStream()
	system.DeadLetter = actor.NewDeadLetter(system)
	system.EventStream = eventstream.NewEventStream() // without the subscribers that count and log dead letters
	system.EventStream.Subscribe(func(event any) { answerWatch(system, event) })
	return system
}

// answerWatch tells an actor that begins to watch an actor that is gone.
func answerWatch(system *actor.ActorSystem, event any) {
	letter, ok := event.(*actor.DeadLetterEvent)
	if !ok {
		return
	}
	if watch, ok := letter.Message.(*actor.Watch); ok {
		watcher, _ := system.ProcessRegistry.Get(watch.Watcher)
		watcher.SendSystemMessage(watch.Watcher, &actor.Terminated{Who: letter.PID, Why: actor.TerminatedReason_NotFound})
	}
}

// propsOf returns the properties of an actor that make returns. The actor runs on
// workers of pool.
func propsOf(make func() actor.Actor, pool *workers.Pool, log *slog.Logger, more ...actor.PropsOption) *actor.Props {
	guard := func() actor.Actor { return &guarded{make(), log} }
	return actor.PropsFromProducer(guard, append(more, actor.WithDispatcher(pool))...)
}

// A guarded actor goes on after a panic in Receive. Such a panic is a fault of this
// package, since no user code runs there.
type guarded struct {
	actor actor.Actor
	log   *slog.Logger
}

// Receive handles one message.
func (g *guarded) Receive(ctx actor.Context) {
	defer func() {
		if r := recover(); r != nil {
			g.log.Error("an actor panicked: please report it", "actor", ctx.Self().Id, "message", fmt.Sprintf("%T", ctx.Message()),
				"panic", r, "stack", string(debug.Stack()))
		}
	}()
	g.actor.Receive(ctx)
}
