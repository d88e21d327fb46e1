package router

import (
	"cmp"
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// A Call is one request for a route, from its arrival until its handler has
// returned. Two things happen to it, each once: it is answered, and it is over.
// They differ where a caller does not wait for a slow handler.
type Call struct {
	session  *Session // whom the answer goes to
	id       uint64   // the session's name for it
	endpoint string
	data     []byte         // JSON; belongs to buffer, if there is one
	buffer   *buffer.Buffer // freed when the handler has returned
	parent   *Call          // the call that made this one, inside the bot
	inner    *inner         // of calls that the bot itself makes, or another process for its clients; else nil
	admin    bool

	target *route         // what the table showed for it; nil if nothing
	route  *route         // what serves it, once admitted
	turn   *cogs.Endpoint // what runs: the route's endpoint, or what it prepared
	lane   *lane          // where it waits or runs; protected by the lanes' mu
	held   bool           // a gate holds it, or did; written before that
	inline bool           // it runs on the reader's goroutine; owned by that

	// set by who answers: nobody but its handler's context knows the call any
	// more, so that Free may let it be used again
	reusable bool

	answered atomic.Bool
	stage    atomic.Uint32
	clock    int64 // whether it is counted and timed, and since when; see stats.go

	patience time.Duration // how long the caller waits; 0 if it did not say
	scope    atomic.Pointer[scope]

	mu       sync.Mutex // protects the fields below
	shared   bool       // others know the call for good
	limit    time.Duration
	deadline time.Time // zero until somebody needs it
	timer    *time.Timer
	done     chan struct{}
	err      error
	after    map[*func()]bool
}

// An inner is what only few calls need: it would make all others larger.
type inner struct {
	caller   string        // who calls; if empty, the session's peer
	dialect  string        // if empty, that of the session
	origin   uint64        // of events and ticks from elsewhere: their name there
	listener *listenerRef  // of events: which listener
	finished chan struct{} // of ticks: closed when it is over
	outcome  chan outcome  // what the maker waits for; nil for events
	sent     func(error)   // of events from elsewhere: told when the handler has returned
	cause    error         // what the handler returned, if it failed
	failure  *wire.Error   // what outcome will tell; owned by who answers
}

// listener returns which listener an event is for, nil for others.
func (c *Call) listener() *listenerRef {
	if c.inner == nil {
		return nil
	}
	return c.inner.listener
}

// The stages of a call, in their order. Whoever moves a call on does what
// belongs to the move: exactly one goroutine succeeds.
const (
	arriving uint32 = iota // no instance has admitted it; a gate may hold it
	waiting                // admitted: route is set, its place is counted
	running                // its handler runs
	over                   // its handler has returned, or will never run
)

// LongResponse is the error of a response that is too large to be sent.
type LongResponse struct{ Max int }

// Error returns the text of the *wire.Error.
func (e LongResponse) Error() string { return e.Unwrap().Error() }

// Unwrap returns the *wire.Error that callers get.
func (e LongResponse) Unwrap() error {
	return wire.Errorf(wire.TooLarge, "the response is larger than %d bytes", e.Max)
}

var errGoexit = errors.New("the handler called runtime.Goexit")

// A Request is what a call is made of.
type Request struct {
	ID       uint64 // 0: the session gives it one
	Endpoint []byte // copied
	Data     []byte // JSON; belongs to Buffer
	Buffer   *buffer.Buffer
	Admin    bool          // the caller is an admin
	Patience time.Duration // how long the caller waits; 0: it did not say
	Parent   *Call         // the call of the same cog that it was made for, if any
	Caller   string        // if empty, the session's Remote
	Dialect  string        // if empty, that of the session's Peer
}

// NewCall returns the call that r asks for. It takes r.Buffer over, to free it
// when the handler has returned.
func (s *Session) NewCall(r *Request) *Call {
	c, _ := s.Router.calls.Get().(*Call)
	if c == nil {
		c = new(Call)
	}
	c.session, c.id, c.data, c.buffer = s, r.ID, r.Data, r.Buffer
	c.admin, c.patience, c.parent = r.Admin, r.Patience, r.Parent
	if r.Caller != "" || r.Dialect != "" {
		c.inner = &inner{caller: r.Caller, dialect: r.Dialect}
	}
	if found := s.Router.table.Load().routes[string(r.Endpoint)]; found != nil {
		c.target, c.endpoint = found, found.endpoint.Name // no copy
		c.limit = found.timeout
		c.arrive()
	} else {
		c.endpoint = string(r.Endpoint)
	}
	return c
}

// ID returns the caller's name for the call.
func (c *Call) ID() uint64 { return c.id }

// Parent returns the call that this one was made for, nil if there is none.
func (c *Call) Parent() *Call { return c.parent }

// Quick reports whether an admitted call's route is quick enough to run on the
// goroutine that read the request.
func (c *Call) Quick() bool { return c.route.pace.quick() }

// RunHere serves the call on the goroutine of its connection's reader.
func (c *Call) RunHere() {
	c.inline = true
	c.Run()
}

// Slow notes that the call, which RunHere serves, holds up its connection. From
// now on it has a timer.
func (c *Call) Slow() {
	c.route.pace.slow()
	c.arm()
}

// Run serves the call on this goroutine, unless it was given up.
func (c *Call) Run() {
	if c.stage.CompareAndSwap(waiting, running) {
		c.serve()
	} else if c.route.lanes != nil {
		c.route.lanes.release(c)
	}
}

func (c *Call) serve() {
	b := buffer.For(len(c.data)) // a large request often has a large response
	err := errGoexit
	var began time.Time
	if !c.inline {
		began = time.Now()
	}
	if c.clock > 0 {
		c.lap(&c.counts().queue)
	}
	// deferred, since a handler that calls runtime.Goexit does not return here
	defer func() {
		if c.clock > 0 {
			c.lap(&c.counts().handler)
		}
		if !c.inline {
			c.route.pace.ran(time.Since(began))
		}
		// first of all, since to answer may mean to wait for a slow peer
		c.vacate()
		c.settle(b, err)
		b.Free()
	}()
	b.B, err = c.turn.Serve(c.newScope(), c.data, c.session.Peer.Head(b.B, c))
}

// vacate ends a call whose handler has returned, and gives its place to others.
func (c *Call) vacate() {
	c.stage.Store(over)
	c.finish()
	c.cancel(context.Canceled)
	if c.buffer != nil {
		c.buffer.Free()
	}
	if c.route.lanes != nil {
		c.route.lanes.release(c)
	}
	c.route.generation.leave()
}

// finish tells who waits that the call is over.
func (c *Call) finish() {
	if c.inner != nil && c.inner.finished != nil {
		close(c.inner.finished)
	}
}

// settle answers the call with what its handler returned.
func (c *Call) settle(b *buffer.Buffer, err error) {
	if err == nil {
		b.B = c.session.Peer.Tail(b.B)
		if len(b.B) > c.session.Router.MaxMessage {
			err = LongResponse{c.session.Router.MaxMessage}
		}
	}
	switch {
	case c.answered.CompareAndSwap(false, true):
		if c.inner != nil {
			c.inner.cause = err
		}
		if err != nil {
			c.session.Router.Failed(c, err)
			b.B = c.fail(b.B[:0], err)
		}
		pinned := c.session.send(c, b.B, !c.inline)
		c.reusable = err == nil && c.inline && !pinned && !c.held && c.inner == nil && c.parent == nil && c.route.lanes == nil
	case isPanic(err):
		c.session.Router.Failed(c, err) // its caller was told something else before
	}
}

// fail appends the answer that the call failed, and not a longer one than its
// caller takes.
func (c *Call) fail(dst []byte, err error) []byte {
	start := len(dst)
	dst = c.session.Peer.Fail(dst, c, err)
	if most := c.session.Router.MaxMessage; len(dst)-start > most && most > shortText {
		e := *public(err)
		e.Message = "the error's text is too long to be sent"
		dst = c.session.Peer.Fail(dst[:start], c, &e)
	}
	return dst
}

// shortText is more than an error without a text of its own takes.
const shortText = 512

// admitted moves the call on to route r, whose generation it has entered. It
// reports false if the call was given up meanwhile; it has then left again.
func (c *Call) admitted(r *route) bool {
	c.route, c.turn = r, r.endpoint
	if c.held || c.limit != r.timeout { // only admission changes limit
		c.bound(r.timeout)
	}
	if c.stage.CompareAndSwap(arriving, waiting) {
		return true
	}
	r.generation.leave()
	return false
}

// refuse answers a call that was not admitted. It reports false: do not run it.
func (c *Call) refuse(err error) bool {
	if c.stage.CompareAndSwap(arriving, over) {
		c.turnAway(err)
	}
	return false
}

// dismiss answers a call that was admitted and does not run.
func (c *Call) dismiss(err error) {
	if c.stage.CompareAndSwap(waiting, over) {
		c.route.generation.leave()
		c.turnAway(err)
	}
}

// turnAway ends a call that will not run. A call that was held is not answered
// on this goroutine: its peer may be slow, and other calls wait behind it.
func (c *Call) turnAway(err error) {
	c.refused(err)
	c.finish()
	c.cancel(context.Canceled)
	if c.buffer != nil {
		c.buffer.Free()
	}
	switch {
	case !c.answered.CompareAndSwap(false, true):
	case c.held:
		c.tellSoon(err)
	default:
		c.tell(err)
	}
}

// tell answers a call that failed. It may wait for the peer.
func (c *Call) tell(err error) {
	c.session.Router.Failed(c, err)
	b := buffer.New()
	b.B = c.fail(b.B, err)
	c.session.send(c, b.B, true)
	b.Free()
}

// tellSoon is tell for who must not wait for the peer.
func (c *Call) tellSoon(err error) {
	c.session.Router.Pool.Go(workers.Func(func() { c.tell(err) }))
}

// Abandon answers the call with err and ends its context. If it still waits, it
// gives up its place and will not run. Abandon does not wait for the peer. It
// reports whether the call had no answer before.
func (c *Call) Abandon(err *wire.Error, cause error) bool {
	mine := !c.session.Whole && c.answered.CompareAndSwap(false, true)
	c.cancel(cause)
	gone := c.giveUpPlace()
	if gone {
		c.refused(err)
	}
	if c.session.Whole { // what runs is answered when it has returned
		mine = gone && c.answered.CompareAndSwap(false, true)
	}
	if mine {
		c.tellSoon(err)
	}
	return mine
}

// giveUpPlace reports whether the call has not run, and will not.
func (c *Call) giveUpPlace() bool {
	if c.stage.CompareAndSwap(arriving, over) {
		c.finish()
		return true // a gate that holds it will find it over
	}
	if !c.stage.CompareAndSwap(waiting, over) {
		return false
	}
	c.finish()
	if c.route.lanes != nil {
		c.route.lanes.remove(c)
	}
	c.route.generation.leave()
	return true
}

func (c *Call) expire() {
	c.Abandon(wire.Errorf(wire.Timeout, "no answer from %q in time", c.endpoint), context.DeadlineExceeded)
}

// HandOff gives the call to a worker.
func (c *Call) HandOff() {
	c.arm()
	c.session.Router.Pool.Go(c)
}

// Info tells handlers of the call; see cogs.CallInfo.
func (c *Call) Info() cogs.Info {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.infoLocked()
}

// infoLocked is Info for who holds mu.
func (c *Call) infoLocked() cogs.Info {
	c.due()
	i := cogs.Info{
		Endpoint: c.endpoint,
		Caller:   c.callerName(),
		Dialect:  c.session.Peer.Name(),
		Admin:    c.admin,
	}
	if c.inner != nil {
		i.Dialect = cmp.Or(c.inner.dialect, i.Dialect)
	}
	i.Deadline = c.deadline
	if r := c.route; r != nil {
		i.Cog, i.Generation = r.generation.gate.Name, r.generation.Number
	}
	return i
}

func (c *Call) callerName() string {
	if c.inner != nil && c.inner.caller != "" {
		return c.inner.caller
	}
	return c.session.Remote
}

// Call runs a route of the bot for the handler of c; see cogs.Call.
func (c *Call) Call(ctx context.Context, endpoint string, data []byte) ([]byte, error) {
	return c.session.Router.Local(ctx, c, c.route.generation.gate.Name, endpoint, data)
}

// within returns the generation of gate g that c was made from, directly or
// through other cogs: such a call must not wait for that generation to end.
func (c *Call) within(g *Gate) *Generation {
	for p := c.parent; p != nil; p = p.parent {
		if p.route != nil && p.route.generation.gate == g {
			return p.route.generation
		}
	}
	return nil
}

// draining reports whether c was made from a call of a generation that is
// ending.
func (c *Call) draining() bool {
	for p := c.parent; p != nil; p = p.parent {
		if p.route != nil && p.route.generation.closed() {
			return true
		}
	}
	return false
}
