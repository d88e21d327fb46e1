// Package call has the life of one piece of work: a request of a client, a call from
// one cog to another, an event for one listener, a tick. All of them are a [Call]. They
// differ in their [Maker], which gets the outcome.
//
//	arriving → waiting (⇄ preparing) → running → over
//
// A call goes forward. The gate of its cog admits it and gives it a [Place]; there it
// waits for its turn; Run serves it; its maker gets the answer. One goroutine moves a
// call from each stage to the next and does the work of that step, so each step happens
// once.
package call

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/internal/lane"
)

// A Request is the content of a call and its sender. Only the maker sets it, before
// others can see the call.
type Request struct {
	ID       uint64 // the maker's name for the call
	Endpoint string
	Data     []byte         // JSON; belongs to Buffer, if there is one
	Buffer   *buffer.Buffer // freed when the call is over
	Caller   string         // for logs and cogs.CallInfo
	Origin   *Origin        // where the caller's requests come from
	Admin    bool           // the caller may do everything
	Timeout  time.Duration  // how long the caller waits; 0: it did not say
	Arrived  int64          // when the request arrived, by Env.Now; 0: the maker does not know
	Parent   *Call          // the call whose handler made this one, if any
}

// An Origin tells how requests come to the bot, for cogs.CallInfo. All calls of one
// client share one Origin, so that a Call needs only a pointer.
type Origin struct {
	Dialect string
	Client  string // the name that the client has given itself; empty for other makers
}

// A Call is one piece of work, from its arrival until none of its code runs any more.
// Two things happen to it, each once:
//
//   - It is answered: its maker has the outcome.
//   - It is over: its handler has returned, or will never run.
//
// A call that is answered at its deadline, or because the caller has gone, is over only
// when its handler returns.
type Call struct {
	Request
	env    *Env
	maker  Maker
	target *Place // the place to which the route table or the gate has sent it; nil if none

	// sampledAt is the time of the call's last step, if the call is one of those that
	// Counts times; otherwise 0. Aim sets it. Afterwards the goroutine that runs the
	// call owns it.
	sampledAt int64

	// Admitted writes place, and then moves the stage from arriving to waiting; a cancel
	// may have moved it to over before. Only route.take of package gate calls Admitted:
	// on the goroutine of Admit, or for a held call on the one that opens the gate. The
	// goroutine that has moved the stage on from waiting may read place. Others use
	// Place. Free clears it.
	place *Place
	held  bool // a gate holds the call, or did

	// The goroutine that runs the call owns these.
	serves   *instance.Endpoint // the place's endpoint, or the one that its Prepare has returned
	prepared bool               // Prepare has returned, so the key is known
	onReader bool               // the call runs on the goroutine of the connection's reader
	returned bool               // the handler has returned
	reusable bool               // only the handler's context still refers to the call

	// Ticket is the call's place in the lanes of its route. The lanes own it.
	Ticket lane.Ticket[*Call]

	answered atomic.Bool
	stage    atomic.Uint32
	context  atomic.Pointer[handlerContext]

	mu       sync.Mutex // protects the fields below
	shared   bool       // others may refer to the call for as long as they like
	limit    time.Duration
	deadline time.Time // zero until deadlineLocked is asked for it
	timer    *time.Timer
	done     chan struct{}
	err      error
	after    map[*func()]bool
}

// The stages of a call, in their order.
const (
	arriving  uint32 = iota // no instance has admitted it; a gate may hold it
	waiting                 // a generation has admitted it, and counts its place
	preparing               // user code finds its key; then it waits again
	running                 // its handler runs
	over                    // its handler has returned, or will never run
)

// New returns a call that has just arrived, and counts it at target. target is nil if no
// route is known for the call. The maker then fills in the Request.
func (e *Env) New(m Maker, target *Place) *Call {
	c, _ := e.used.Get().(*Call)
	if c == nil {
		c = new(Call)
	}
	c.env, c.maker = e, m
	c.Aim(target)
	return c
}

// Aim sends a call that has arrived to target, and counts it there. It returns false if
// target is nil.
func (c *Call) Aim(target *Place) bool {
	if target == nil {
		return false
	}
	c.target, c.limit = target, target.Timeout
	if target.Counts != nil && target.Counts.arrived() {
		c.sampledAt = c.env.Now()
	}
	return true
}

// Free returns a call that RunOnReader has served to the pool. It does nothing if other
// goroutines may still refer to the call. The caller must not use the call afterwards.
//
// Free resets without the lock only the fields that no other goroutine can see any more.
// The handler's context may still refer to the call; it finds under the lock that the
// call does not belong to it any more.
func (c *Call) Free() {
	if !c.reusable {
		return
	}
	c.mu.Lock()
	if c.shared || c.timer != nil {
		c.mu.Unlock()
		return
	}
	c.context.Store(nil)
	c.limit, c.deadline, c.done, c.err, c.after = 0, time.Time{}, nil, nil, nil
	c.mu.Unlock()
	env := c.env
	c.Request, c.env, c.maker, c.target = Request{}, nil, nil, nil
	c.sampledAt, c.place, c.serves = 0, nil, nil
	c.onReader, c.returned, c.reusable = false, false, false
	c.answered.Store(false)
	c.stage.Store(arriving)
	env.used.Put(c)
}

// Target returns the place to which the call was sent when it arrived, nil if no route
// is known for the call.
func (c *Call) Target() *Place { return c.target }

// MadeFor returns the maker, which gets the outcome of the call.
func (c *Call) MadeFor() Maker { return c.maker }

// Place returns the place to which the call was admitted. It returns nil for a call that
// no gate has admitted, and for a call that is over, which may have been rejected.
func (c *Call) Place() *Place {
	if s := c.stage.Load(); s == arriving || s == over {
		return nil
	}
	return c.place
}

// Maker returns the call in whose handler this call was made. It returns nil if there is
// no such call, or if that call is over: then no code of it waits for this one.
func (c *Call) Maker() *Call {
	if p := c.Parent; p != nil && p.stage.Load() != over {
		return p
	}
	return nil
}

// MadeBy reports whether the handler of other made the call, directly or through other
// calls. All calls between the two must still run.
func (c *Call) MadeBy(other *Call) bool {
	for p := c.Maker(); p != nil; p = p.Maker() {
		if p == other {
			return true
		}
	}
	return false
}

// Over reports whether the call has ended, or will never run.
func (c *Call) Over() bool { return c.stage.Load() == over }
