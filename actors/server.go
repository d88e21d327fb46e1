package actors

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/dialect"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A Server holds the cogs of a bot and answers calls of their routes. It is
// safe for concurrent use.
type Server struct {
	opts     Options
	log      *slog.Logger
	router   *router.Router
	desk     *dialect.Desk
	acceptor *transport.Acceptor
	system   *actor.ActorSystem
	actor    *actor.PID // the server actor

	clientProps *actor.Props // of connection actors

	transitions sync.WaitGroup // of cogs
	serving     sync.WaitGroup // listeners that are served; added to under mu, before closed
	closing     atomic.Bool    // Close was called
	running     atomic.Bool    // Run was called
	arriving    atomic.Int64   // network connections before their handshake has ended
	closed      chan struct{}  // when Close has begun
	ended       chan struct{}  // when the server actor answers no more
	finished    chan struct{}  // when Close has done all
	memory      memory

	mu          sync.Mutex // protects the fields below
	connections map[*client]struct{}
	accepting   int    // connections on their way into the map
	addr        string // that was bound first
	port        int    // that is announced: the first of TCP; 0 if there is none
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
	if o.AdminSecret != "" && o.Secret == "" {
		panic("actors: Options.AdminSecret without Secret: everybody else could not prove anything")
	}
	s := &Server{
		opts:        o,
		log:         o.Logger,
		closed:      make(chan struct{}),
		ended:       make(chan struct{}),
		finished:    make(chan struct{}),
		connections: map[*client]struct{}{},
	}
	s.router = router.New(router.Options{Log: o.Logger, MaxMessage: o.MaxMessage, OnFailure: o.onFailure()})
	s.desk = &dialect.Desk{Router: s.router, Keys: o.keys(), MaxCalls: o.MaxCalls, Log: o.Logger}
	s.acceptor = transport.NewAcceptor(transport.AcceptOptions{
		Subprotocols: []string{protocol.Subprotocol},
		MaxMessage:   o.MaxMessage,
		Origins:      o.Origins,
	})
	s.memory.init()

	s.system = newSystem()
	s.clientProps = s.connectionProps()
	a := &serverActor{srv: s, known: map[string]cogs.Cog{}, ending: map[string]*cogEnded{}}
	s.actor = s.system.Root.Spawn(propsOf(func() actor.Actor { return a }, &s.router.Pool, o.Logger))
	own := s.ownCog()
	if _, err := s.ask(context.Background(), &order{what: load, name: own.Name, cog: &own}); err != nil {
		panic(fmt.Sprintf("actors: %v", err)) // its routes are ours alone
	}
	return s
}

// Load sets up each cog in turn and routes calls to it. It tries every cog and
// joins one error for each that fails; of a cog that fails nothing stays. The
// errors wrap [ErrLoaded], [ErrRouteTaken], [ErrClosed] or what Setup returned.
// ctx bounds the Setups.
func (s *Server) Load(ctx context.Context, list ...cogs.Cog) error {
	var errs []error
	for _, c := range list {
		if c.Name == ownName {
			errs = append(errs, fmt.Errorf("load %s: that name is the server's own", c.Name))
			continue
		}
		if _, err := s.ask(ctx, &order{what: load, name: c.Name, cog: &c}); err != nil {
			errs = append(errs, fmt.Errorf("load %.300s: %w", c.Name, err))
		}
	}
	return errors.Join(errs...)
}

// Unload stops routing calls to the named cog, lets its calls finish, ends its
// tasks and runs its cleanups; then it returns. Called by a handler of the cog
// itself it returns at once. The error wraps [ErrNotLoaded].
func (s *Server) Unload(ctx context.Context, name string) error {
	_, err := s.unload(ctx, name)
	return err
}

func (s *Server) unload(ctx context.Context, name string) (admin.SwitchResult, error) {
	return s.askAbout(ctx, "unload", &order{what: unload, name: name})
}

// ReloadOptions say how a cog is reloaded. The zero value is what most want.
type ReloadOptions struct {
	// Fresh starts the new instance without what the old one kept.
	Fresh bool

	// Force does not let handlers or tasks that hang keep the old instance in
	// service: the new one starts with what was last saved.
	Force bool

	// Rollback takes the build before the one that serves. It is an error for
	// a cog that is not built from source.
	Rollback bool

	// Drain is how long to wait for running calls. If zero, the cog's
	// DrainTimeout. It is an error if it is negative.
	Drain time.Duration
}

// Reload makes a new instance of the named cog and replaces the old one by it,
// as docs/architecture.md tells step by step. No call is lost and none runs
// twice. If the new instance does not set up, or state cannot be handed over,
// the old one serves on and the error says why; it wraps [ErrNotLoaded] if there
// is no such cog. Only if saving the old one's state does not end, that cannot serve
// on: Reload goes on with what was last saved, and says so in the note. Reloads that
// come while one runs become one more.
//
// Reload returns when the old instance has ended. Called by a handler, or a
// task, of the cog itself it returns when Setup has passed: the rest waits for
// that handler. A nil opts means the zero ReloadOptions. If ctx ends, Setup is
// given up; a switch that has begun goes on.
func (s *Server) Reload(ctx context.Context, name string, opts *ReloadOptions) (admin.SwitchResult, error) {
	return s.askAbout(ctx, "reload", &order{what: replace, name: name, opts: opts.orZero()})
}

// Replace is Reload with another value for the cog of the same name.
func (s *Server) Replace(ctx context.Context, cog cogs.Cog, opts *ReloadOptions) (admin.SwitchResult, error) {
	return s.askAbout(ctx, "replace", &order{what: replace, name: cog.Name, cog: &cog, opts: opts.orZero()})
}

func (o *ReloadOptions) orZero() ReloadOptions {
	if o == nil {
		return ReloadOptions{}
	}
	return *o
}

func (s *Server) askAbout(ctx context.Context, what string, o *order) (admin.SwitchResult, error) {
	if o.opts.Drain < 0 {
		return admin.SwitchResult{}, fmt.Errorf("%s %.300s: ReloadOptions.Drain is negative (%v); zero is the cog's DrainTimeout", what, o.name, o.opts.Drain)
	}
	if o.name == ownName {
		return admin.SwitchResult{}, wire.Errorf(wire.Forbidden, "%s: the cog %q is the server's own", what, ownName)
	}
	d, err := s.ask(ctx, o)
	if err != nil {
		return d, fmt.Errorf("%s %.300s: %w", what, o.name, err)
	}
	return d, nil
}

// ask gives an order and waits for its outcome.
func (s *Server) ask(ctx context.Context, o *order) (admin.SwitchResult, error) {
	if err := ctx.Err(); err != nil {
		return admin.SwitchResult{}, err
	}
	if router.InSetup(ctx, o.name) {
		return admin.SwitchResult{}, errors.New("a cog cannot ask for that in its own Setup, which it would wait for")
	}
	reply := make(chan done, 1)
	o.ctx = ctx
	if router.Within(ctx, o.name) {
		o.early = append(o.early, reply)
	} else {
		o.waiters = append(o.waiters, reply)
	}
	select {
	case <-s.closed:
		if o.what != unload {
			return admin.SwitchResult{}, ErrClosed
		}
	default:
	}
	s.system.Root.Send(s.actor, o)
	select {
	case d := <-reply:
		return d.switched, d.err
	case <-ctx.Done():
		s.system.Root.Send(s.actor, &gaveUp{o.name, reply})
		return admin.SwitchResult{}, ctx.Err()
	case <-s.ended: // Close was faster
		select {
		case d := <-reply:
			return d.switched, d.err
		default:
			return admin.SwitchResult{}, ErrClosed
		}
	}
}

// requestReload asks for a reload that nobody waits for.
func (s *Server) requestReload(name string) {
	s.system.Root.Send(s.actor, &order{what: replace, name: name, ctx: context.Background(), wanted: true, own: true})
}

// restart tells a cog's actor that gen has failed.
func (s *Server) restart(gen *gate.Generation, cog *actor.PID, cause error) {
	s.system.Root.Send(cog, &order{what: restart, gen: gen, cause: cause, ctx: context.Background()})
}

// Cogs returns the loaded cogs in the order of loading, the server's own left
// out.
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
	case <-s.ended: // Close was faster
		return nil
	}
}

// Routes returns the routes that are served, sorted by endpoint.
func (s *Server) Routes() []admin.RouteStatus { return s.router.Routes() }
