package actors

import (
	"context"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire/admin"
)

// Messages to the server actor. Replies go to channels with room for them, since an
// actor must not wait.
type (
	// A command is an operation on a cog. The server actor passes it on to the cog's
	// actor.
	command struct {
		what     verb
		name     string
		cog      *instance.Spec // of a load or a replace; nil: the cog that is loaded, or was
		opts     ReloadOptions
		ctx      context.Context // Setup gets its values; waiterGone tells of its end
		waiters  []chan<- result
		early    []chan<- result  // waiters that get a reply when Setup has passed
		cause    error            // of a restart
		gen      *gate.Generation // of a restart: the failed generation
		kill     bool             // of a restart: a kill has asked for it; the reply is sent when it has begun
		first    bool             // of a restart: even a reload does not make it needless
		again    bool             // of a restart: a restart that a failed reload has interrupted; gen is nil
		detached bool             // it is carried out even if it has no waiters
		own      bool             // of a replace: the cog itself has asked for it
	}

	// updateEndpoints makes the routes of the generations the routes of a cog. If
	// several have a route, the first one's serves.
	updateEndpoints struct {
		cog         string
		generations []*gate.Generation
		reply       chan<- error
	}

	// adopted says that a cog has a new value.
	adopted struct{ cog instance.Spec }

	// cogEnded says that a cog is unloaded, or could not be loaded. The server actor
	// replies to the command when the cog's actor has stopped.
	cogEnded struct {
		name    string
		command *command
		outcome result
	}

	// listCogs asks for the loaded cogs, in the order of loading.
	listCogs struct{ reply chan<- []*loaded }

	// sealCogs makes the server actor refuse further loads. The reply has the loaded
	// cogs.
	sealCogs struct{ reply chan<- []*loaded }
)

type verb uint8

const (
	load verb = iota
	replace
	unload
	restart
	checkpoint // save the cog's state while it serves
	kill       // let the serving instance fail; it becomes a restart
)

// A result is the outcome of a command.
type result struct {
	switched admin.SwitchResult
	err      error
}

// Messages to a cog's actor, besides commands.
type (
	// waiterGone says that a caller does not wait for the reply any more.
	waiterGone struct {
		name   string
		waiter chan<- result
	}

	// setupPassed says that a new instance is set up and will serve.
	setupPassed struct{ command *command }

	// saveNow is the tick of the timer that saves the cog's state.
	saveNow struct{}

	// finished says that a transition has ended.
	finished struct{ t *transition }
)

// Messages to a connection's actor.
type (
	// opened gives the actor its connection. It is the first message.
	opened struct{ c *client }

	// readerEnded says that nothing can be read from the client any more.
	readerEnded struct{ err error }

	// closeRequest asks for the connection to be closed.
	closeRequest struct {
		code   int
		reason string
	}

	// goAway asks the client to leave: its new calls are refused, and the calls in
	// flight are answered.
	goAway struct{ reason string }

	// heartbeat comes from the crowd, when there is something to do.
	heartbeat struct{}

	// giveUpClosing says that the client has not answered a Close in time.
	giveUpClosing struct{}
)

// A loaded is a cog that is loaded.
type loaded struct {
	name string
	pid  *actor.PID
	gate *gate.Gate
	cog  *cogActor // for its atomic fields
}
