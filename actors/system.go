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

// registryBuckets is how many locked maps there are for PIDs, each of 32 parts.
const registryBuckets = 4

// newSystem puts an actor system together as the library's constructor does, but for
// three things. The registry of PIDs is small: the library's has 32,768 maps from the
// start, which are 3 MB in 65,000 objects, all the memory of a small bot, made anew
// for each test and looked at by each collection of garbage. Messages that nobody
// receives are dropped without a goroutine that counts them. And there is no logger,
// which only the constructor can set; the library logs what a Receive panics with,
// so the actors of such a system must be guarded. Do not call its Shutdown: nothing
// listens to it, and it panics.
func newSystem() *actor.ActorSystem {
	system := &actor.ActorSystem{ID: "cogbus", Config: actor.Configure(), Extensions: extensions.NewExtensions()}
	pids := &actor.SliceMap{}
	for range registryBuckets {
		pids.LocalPIDs = append(pids.LocalPIDs, cmap.New())
	}
	system.ProcessRegistry = &actor.ProcessRegistryValue{ActorSystem: system, Address: "nonhost", LocalPIDs: pids}
	system.Root = actor.NewRootContext(system, actor.EmptyMessageHeader)
	system.Guardians = actor.NewGuardians(system)
	system.Extensions.Register(actor.NewMetrics(system, nil)) // none: each spawn asks for them
	system.EventStream = eventstream.NewEventStream()
	system.DeadLetter = actor.NewDeadLetter(system)
	system.EventStream = eventstream.NewEventStream() // without what counts and logs dead letters
	system.EventStream.Subscribe(func(event any) { answerWatch(system, event) })
	return system
}

// answerWatch tells who begins to watch an actor that is gone that it is.
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

// propsOf says how to spawn an actor that make returns, whose runs take workers of pool.
func propsOf(make func() actor.Actor, pool *workers.Pool, log *slog.Logger, more ...actor.PropsOption) *actor.Props {
	guard := func() actor.Actor { return &guarded{make(), log} }
	return actor.PropsFromProducer(guard, append(more, actor.WithDispatcher(pool))...)
}

// A guarded actor goes on after a panic in Receive, which is a fault of this package:
// no user code runs there.
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
