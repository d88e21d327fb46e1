package actors

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/asynkron/protoactor-go/actor"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// A Server holds the cogs of a bot and answers calls of their routes. It is
// safe for concurrent use.
type Server struct {
	opts     Options
	log      *slog.Logger
	keys     []key
	acceptor *transport.Acceptor
	system   *actor.ActorSystem
	actor    *actor.PID // the server actor
	table    atomic.Pointer[table]
	inside   *session // calls that the bot's own code makes
	pool     workers.Pool
	watchdog watchdog
	guard    guard
	limiter  limiter

	transitions sync.WaitGroup // of cogs
	closing     sync.Once
	closed      chan struct{} // when Close has begun
	memory      memory

	mu          sync.Mutex // protects the fields below
	connections map[*connection]struct{}
	accepting   int // connections on their way into the map
	gone        chan struct{}
	addr        string
	stopped     bool
}

// A key is a secret and what it opens.
type key struct {
	secret string
	admin  bool
}

// NewServer returns a server with no cogs but its own, "cogbus". A nil opts
// means the zero Options. Close ends the server, also one that never served.
func NewServer(opts *Options) *Server {
	o := opts.withDefaults()
	if o.AdminSecret != "" && o.Secret == "" {
		panic("actors: Options.AdminSecret without Secret: everybody else could not prove anything")
	}
	s := &Server{opts: o, log: o.Logger, closed: make(chan struct{}), connections: map[*connection]struct{}{}}
	for _, secret := range o.secrets() {
		s.keys = append(s.keys, key{secret: secret})
	}
	if o.AdminSecret != "" {
		s.keys = append(s.keys, key{secret: o.AdminSecret, admin: true})
	}
	s.acceptor = transport.NewAcceptor(transport.AcceptOptions{
		Subprotocols: []string{wire.Subprotocol},
		MaxMessage:   o.MaxMessage,
		Origins:      o.Origins,
	})
	s.inside = &session{srv: s, peer: insidePeer{}, calls: map[uint64]*call{}}
	s.table.Store(&table{routes: map[string]*route{}})
	s.memory.init()

	s.system = actor.NewActorSystem(
		// the library logs the contents of messages that nobody receives
		actor.WithLoggerFactory(func(*actor.ActorSystem) *slog.Logger { return slog.New(slog.DiscardHandler) }),
		actor.WithDeadLetterThrottleInterval(time.Millisecond),
	)
	a := &serverActor{srv: s, known: map[string]cogs.Cog{}}
	s.actor = s.system.Root.Spawn(actor.PropsFromProducer(func() actor.Actor { return a }, actor.WithDispatcher(&s.pool)))
	if err := s.Load(context.Background(), s.ownCog()); err != nil {
		panic(fmt.Sprintf("actors: %v", err)) // its routes are ours alone
	}
	return s
}

// open reports whether callers need no secret.
func (s *Server) open() bool { return len(s.keys) == 0 }

// authorized tells whether e carries a key, and whether that is the admin's.
func (s *Server) authorized(e *wire.Envelope) (admin, ok bool) {
	if s.open() {
		return false, e.Authorized()
	}
	for _, k := range s.keys {
		if e.Authorized(k.secret) {
			admin, ok = k.admin, true
		}
	}
	return admin, ok
}

// admit takes a call to the gate of its cog. It reports whether the caller is
// to run it now.
func (s *Server) admit(c *call) bool {
	r := c.target
	if r == nil {
		if r = s.table.Load().routes[c.endpoint]; r == nil {
			return c.refuse(noRoute(c.endpoint))
		}
		c.target = r
	}
	return r.generation.gate.admit(c, r)
}

// callsOf returns the calls in flight in a generation.
func (s *Server) callsOf(gen *generation) []*call {
	match := func(c *call) bool { return c.stage.Load() >= waiting && c.route != nil && c.route.generation == gen }
	list := s.inside.matching(match)
	for _, c := range s.clients(nil) {
		list = append(list, c.matching(match)...)
	}
	return list
}

// Load sets up each cog in turn and routes calls to it. It tries every cog and
// joins one error for each that fails; of a cog that fails nothing stays. The
// errors wrap [ErrLoaded], [ErrRouteTaken], [ErrClosed] or what Setup returned.
// ctx bounds the Setups.
func (s *Server) Load(ctx context.Context, list ...cogs.Cog) error {
	var errs []error
	for _, c := range list {
		if _, err := s.ask(ctx, &order{what: load, name: c.Name, cog: &c}); err != nil {
			errs = append(errs, fmt.Errorf("load %s: %w", c.Name, err))
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

func (s *Server) unload(ctx context.Context, name string) (wire.Switched, error) {
	return s.askAbout(ctx, "unload", &order{what: unload, name: name})
}

// ReloadOptions say how a cog is reloaded. The zero value is what most want.
type ReloadOptions struct {
	// Fresh starts the new instance without what the old one kept.
	Fresh bool

	// Force does not let handlers or tasks that hang keep the old instance in
	// service: the new one starts with what was last saved.
	Force bool

	// Drain is how long to wait for running calls. If zero, the cog's
	// DrainTimeout.
	Drain time.Duration
}

// Reload makes a new instance of the named cog and replaces the old one by it,
// as docs/architecture.md tells step by step. No call is lost and none runs
// twice. If the new instance does not set up, or state cannot be handed over,
// the old one serves on and the error says why; it wraps [ErrNotLoaded] if there
// is no such cog. Reloads that come while one runs become one more.
//
// Reload returns when the old instance has ended. Called by a handler, or a
// task, of the cog itself it returns when Setup has passed: the rest waits for
// that handler. A nil opts means the zero ReloadOptions. If ctx ends, Setup is
// given up; a switch that has begun goes on.
func (s *Server) Reload(ctx context.Context, name string, opts *ReloadOptions) (wire.Switched, error) {
	return s.askAbout(ctx, "reload", &order{what: replace, name: name, opts: opts.orZero()})
}

// Replace is Reload with another value for the cog of the same name.
func (s *Server) Replace(ctx context.Context, cog cogs.Cog, opts *ReloadOptions) (wire.Switched, error) {
	return s.askAbout(ctx, "replace", &order{what: replace, name: cog.Name, cog: &cog, opts: opts.orZero()})
}

func (o *ReloadOptions) orZero() ReloadOptions {
	if o == nil {
		return ReloadOptions{}
	}
	return *o
}

func (s *Server) askAbout(ctx context.Context, what string, o *order) (wire.Switched, error) {
	if o.name == ownName {
		return wire.Switched{}, wire.Errorf(wire.Forbidden, "%s: the cog %q is the server's own", what, ownName)
	}
	d, err := s.ask(ctx, o)
	if err != nil {
		return d, fmt.Errorf("%s %s: %w", what, o.name, err)
	}
	return d, nil
}

// ask gives an order and waits for its outcome.
func (s *Server) ask(ctx context.Context, o *order) (wire.Switched, error) {
	reply := make(chan done, 1)
	o.ctx = ctx
	if belongs(ctx, o.name) {
		o.early = append(o.early, reply)
	} else {
		o.waiters = append(o.waiters, reply)
	}
	select {
	case <-s.closed:
		if o.what != unload {
			return wire.Switched{}, ErrClosed
		}
	default:
	}
	s.system.Root.Send(s.actor, o)
	select {
	case d := <-reply:
		return d.switched, d.err
	case <-ctx.Done():
		s.system.Root.Send(s.actor, &gaveUp{o})
		return wire.Switched{}, ctx.Err()
	}
}

// belongs reports whether ctx is that of a call or a task of the named cog, or
// was made by one through others.
func belongs(ctx context.Context, cog string) bool {
	switch rt := ctx.Value(cogs.RuntimeKey{}).(type) {
	case *call:
		for c := rt; c != nil; c = c.parent {
			if c.caller == cog || c.route != nil && c.route.generation.gate.name == cog {
				return true
			}
		}
	case *agent:
		return rt.cog == cog
	}
	return false
}

// requestReload asks for a reload that nobody waits for.
func (s *Server) requestReload(name string) {
	s.system.Root.Send(s.actor, &order{what: replace, name: name, ctx: context.Background()})
}

// restart tells a cog's actor that gen has failed.
func (s *Server) restart(gen *generation, cog *actor.PID, cause error) {
	s.system.Root.Send(cog, &order{what: restart, gen: gen, cause: cause, ctx: context.Background()})
}

// Cogs returns the loaded cogs in the order of loading, the server's own left
// out.
func (s *Server) Cogs() []wire.CogStatus {
	list := []wire.CogStatus{}
	for _, l := range s.loaded() {
		if status := l.cog.status.Load(); status != nil && l.name != ownName {
			now := *status
			now.Panics = l.gate.panics.Load()
			l.gate.mu.Lock()
			if gen := l.gate.current; gen != nil {
				now.InFlight = gen.inFlight() + len(l.gate.held)
			}
			l.gate.mu.Unlock()
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
	return <-reply
}

// Routes returns the routes that are served, sorted by endpoint.
func (s *Server) Routes() []wire.RouteStatus {
	list := []wire.RouteStatus{}
	for name, r := range s.table.Load().routes {
		list = append(list, wire.RouteStatus{
			Endpoint:   name,
			Cog:        r.generation.gate.name,
			Generation: r.generation.number,
			Serial:     r.lanes != nil && r.lanes.limit == 1 && !r.endpoint.Keyed(),
			Keyed:      r.endpoint.Keyed(),
			TimeoutMS:  r.timeout.Milliseconds(),
		})
	}
	slices.SortFunc(list, func(a, b wire.RouteStatus) int { return cmp.Compare(a.Endpoint, b.Endpoint) })
	return list
}
