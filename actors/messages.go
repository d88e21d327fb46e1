package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire/admin"
)

// What the server actor is told. Answers go to channels with room for them:
// nobody waits in an actor.
type (
	// An order asks for something to be done to a cog. The server actor
	// passes it on to the cog's actor.
	order struct {
		what    verb
		name    string
		cog     *instance.Spec // of a load or a replace; nil: the one that is loaded
		opts    ReloadOptions
		ctx     context.Context // its values are Setup's; its end is told by gaveUp
		waiters []chan<- done
		early   []chan<- done    // answered when Setup has passed
		cause   error            // of a restart
		gen     *gate.Generation // of a restart: the one that failed
		kill    bool             // of a restart: asked for; answered when it has begun
		first   bool             // of a restart: no reload makes it needless
		again   bool             // of a restart: it goes on after a reload that failed; gen is nil
		wanted  bool             // also when nobody waits for it
		own     bool             // of a replace: the cog has asked for it, and no operator
	}

	// updateEndpoints asks for the routes of a cog to be those of the
	// generations; a route that several have is that of the first.
	updateEndpoints struct {
		cog         string
		generations []*gate.Generation
		reply       chan<- error
	}

	// adopted says that a cog is served by another value now.
	adopted struct{ cog instance.Spec }

	// cogEnded says that a cog is unloaded, or was not loaded. The order that
	// led to it is answered when the actor has stopped.
	cogEnded struct {
		name    string
		order   *order
		outcome done
	}

	// listCogs asks which cogs are loaded, in the order of loading.
	listCogs struct{ reply chan<- []*loaded }

	// sealCogs asks that no cog be loaded any more.
	sealCogs struct{ reply chan<- []*loaded }
)

type verb uint8

const (
	load verb = iota
	replace
	unload
	restart
	checkpoint // save what the cog keeps, while it serves
	kill       // let the serving instance fail; it becomes a restart
)

// done is the outcome of an order.
type done struct {
	switched admin.SwitchResult
	err      error
}

// What a cog's actor is told, besides orders.
type (
	// gaveUp says that one who waited for an order does not any more.
	gaveUp struct {
		name   string
		waiter chan<- done
	}

	// setupPassed says that a new instance is set up and will be switched to.
	setupPassed struct{ order *order }

	// saveNow is the tick of the timer that saves what the cog keeps.
	saveNow struct{}

	// finished says that a transition has ended.
	finished struct{ t *transition }
)

// What a connection's actor is told.
type (
	// opened gives the actor its connection. It is the first message.
	opened struct{ c *client }

	// readerEnded says that nothing can be read any more.
	readerEnded struct{ err error }

	// shut asks for the connection to be closed.
	shut struct {
		code   int
		reason string
	}

	// goAway asks the client to leave: no new calls, those in flight are
	// answered.
	goAway struct{ reason string }

	// heartbeat is the tick of the connection's timer.
	heartbeat struct{}

	// giveUpClosing says that the client has not answered a close in time.
	giveUpClosing struct{}
)

// loaded is a cog that is loaded.
type loaded struct {
	name string
	pid  *actor.PID
	gate *gate.Gate
	cog  *cogActor // its status may be read
}
