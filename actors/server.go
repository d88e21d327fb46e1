package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/dialect"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/spec"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A Server holds the cogs of a bot and answers calls of their routes. It is
// safe for concurrent use.
type Server struct {
	// fixed at creation
	opts        Options
	log         *slog.Logger
	router      *router.Router
	hub         *dialect.Hub
	acceptor    *transport.Acceptor
	pipes       pipeListener
	system      *actor.ActorSystem
	actor       *actor.PID   // the server actor
	clientProps *actor.Props // of connection actors

	closing  atomic.Bool        // Shutdown or Close was called
	closed   chan struct{}      // closed when the shutdown has begun
	hurry    context.Context    // done when the shutdown's time is up
	hurryUp  context.CancelFunc // ends hurry
	ended    chan struct{}      // closed when the server actor answers no more
	finished chan struct{}      // closed when the shutdown has finished

	running     atomic.Bool    // Run was called
	arriving    atomic.Int64   // network connections in their handshake
	serving     sync.WaitGroup // listeners that are served; added to under mu, before closed is closed
	transitions sync.WaitGroup // transitions of cogs

	mu          sync.Mutex // protects the fields below
	connections crowd
	accepting   int    // connections on their way into the map
	addr        string // the address that was bound first
	port        int    // the port that Discovery announces: the first TCP listener's; 0 if there is none
}

// Errors of Load, Unload, Replace and Reload; test for them with errors.Is.
var (
	ErrLoaded     = errors.New("cog is loaded already")
	ErrNotLoaded  = errors.New("cog is not loaded")
	ErrRouteTaken = router.ErrRouteTaken
	ErrClosed     = errors.New("server is closed")
)

// NewServer returns a server with no cogs but its own, "cogbus". A nil opts
// means the zero Options. Close ends the server, also one that never served.
func NewServer(opts *Options) *Server {
	o := opts.withDefaults()
	s := &Server{
		opts:     o,
		log:      o.Logger,
		closed:   make(chan struct{}),
		ended:    make(chan struct{}),
		finished: make(chan struct{}),
	}
	s.hurry, s.hurryUp = context.WithCancel(context.Background())
	s.router = router.New(router.Options{Log: o.Logger, MaxMessage: o.MaxMessage, OnFailure: o.onFailure()})
	s.hub = &dialect.Hub{Router: s.router, Credentials: o.credentials(), MaxCalls: o.MaxCalls, Log: o.Logger}
	s.acceptor = transport.NewAcceptor(transport.AcceptOptions{
		Subprotocols: []string{protocol.Subprotocol},
		MaxMessage:   o.MaxMessage,
		Origins:      o.Origins,
	})
	s.pipes.init()

	s.system = newSystem()
	s.clientProps = s.connectionProps()
	a := &serverActor{srv: s, known: map[string]instance.Spec{}, ending: map[string]*cogEnded{}}
	s.actor = s.system.Root.Spawn(propsOf(func() actor.Actor { return a }, &s.router.Pool, o.Logger))
	own := spec.Of(s.ownCog())
	if _, err := s.ask(context.Background(), &command{what: load, name: own.Name, cog: &own}); err != nil {
		panic(fmt.Sprintf("actors: %v", err)) // its routes cannot be taken
	}
	return s
}

// Load sets up each cog in turn and routes calls to it. It tries every cog and joins
// one error for each that fails; no part of a failed cog stays. The errors wrap
// [ErrLoaded], [ErrRouteTaken], [ErrClosed] or the error of Setup. ctx bounds the
// Setups.
func (s *Server) Load(ctx context.Context, list ...cogs.Cog) error {
	var errs []error
	for _, c := range list {
		if c.Name == ownName {
			errs = append(errs, fmt.Errorf("load %s: that name is the server's own", c.Name))
			continue
		}
		cog := spec.Of(c)
		if _, err := s.ask(ctx, &command{what: load, name: c.Name, cog: &cog}); err != nil {
			errs = append(errs, fmt.Errorf("load %.300s: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Unload stops routing calls to the named cog, lets its calls finish, ends its tasks
// and runs its cleanups; then it returns. If a handler of the cog itself calls it, it
// returns at once. The error wraps [ErrNotLoaded].
func (s *Server) Unload(ctx context.Context, name string) error {
	_, err := s.unload(ctx, name)
	return err
}

func (s *Server) unload(ctx context.Context, name string) (admin.SwitchResult, error) {
	return s.askAbout(ctx, "unload", &command{what: unload, name: name})
}

// Cogs returns the loaded cogs in the order of loading, without the server's own.
func (s *Server) Cogs() []admin.CogStatus {
	list := []admin.CogStatus{}
	for _, l := range s.loaded() {
		if status := l.cog.status.Load(); status != nil && l.name != ownName {
			now := *status
			now.Panics = l.gate.Panics()
			now.InFlight = l.gate.InFlight()
			list = append(list, now)
		}
	}
	return list
}

func (s *Server) loaded() []*loaded {
	select {
	case <-s.closed:
		return nil
	default:
	}
	reply := make(chan []*loaded, 1)
	s.system.Root.Send(s.actor, &listCogs{reply})
	select {
	case list := <-reply:
		return list
	case <-s.ended: // Close has stopped the server actor before it replied
		return nil
	}
}

// Routes returns the published routes, sorted by endpoint.
func (s *Server) Routes() []admin.RouteStatus { return s.router.Routes() }
