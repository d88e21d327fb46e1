package child

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/gate"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/wire"
)

// A child is the cog's end of the connection.
type child struct {
	conn    net.Conn
	out     *frames.Writer
	in      *frames.Reader
	host    *host
	router  *router.Router
	session *router.Session // the bot's calls
	live    atomic.Pointer[live]
	orders  chan *frames.Frame // for obey
	quit    chan struct{}      // closed when the bot has said so
	lastID  atomic.Uint64

	origin *call.Origin // of the last call; owned by read

	// owned by obey
	cog  cogs.Cog
	task *router.TaskContext

	mu      sync.Mutex                   // protects the fields below
	asked   map[uint64]chan<- reply      // what the bot has not answered yet
	askers  map[uint64]*asker            // who waits for that, by the name that the bot has for it
	cancels map[uint64]func(cause error) // events and ticks that run
}

// live is the instance, once Setup has passed.
type live struct {
	gate *gate.Gate // open but for saves: the bot's own gate holds calls
	*gate.Generation
}

// maxOrders is more than a bot gives at once: it waits for each.
const maxOrders = 64

func newChild(conn net.Conn, cog cogs.Cog) *child {
	c := &child{
		conn:    conn,
		out:     frames.NewWriter(conn),
		in:      frames.NewReader(conn),
		cog:     cog,
		orders:  make(chan *frames.Frame, maxOrders),
		quit:    make(chan struct{}),
		asked:   map[uint64]chan<- reply{},
		askers:  map[uint64]*asker{},
		cancels: map[uint64]func(error){},
	}
	c.host = &host{c}
	c.router = router.New(router.Options{
		Log:            slog.New(slog.DiscardHandler), // the child tells the bot its failures, and the bot logs them
		MaxMessage:     frames.MaxFrame,
		AnswerOnReturn: true,
		Upstream:       c.ask,
	})
	c.session = &router.Session{Router: c.router, Origin: call.Origin{Dialect: "local"}}
	c.session.Maker = peer{c.session, c.out}
	c.router.Register(c.session)
	return c
}

// read handles what the bot sends until that ends. It never waits for anything
// else, so that a cancel, and the end, are always noticed.
func (c *child) read() error {
	for {
		var f frames.Frame
		if err := c.in.Read(&f); err != nil {
			return err
		}
		switch f.Kind {
		case frames.Call:
			c.call(&f)
		case frames.Event:
			c.event(&f)
		case frames.Tick:
			c.tick(&f)
		case frames.Cancel:
			c.cancel(&f)
		case frames.Reply:
			c.answered(&f)
		case frames.Setup, frames.Start, frames.Stop, frames.Save, frames.Restore, frames.Quit:
			f.Body = append([]byte(nil), f.Body...)
			c.orders <- &f
		}
	}
}

func (c *child) call(f *frames.Frame) {
	dialect, caller, _ := strings.Cut(f.From, " ")
	caller, client, _ := strings.Cut(caller, "\t")
	b := buffer.New()
	b.B = append(b.B, f.Body...)
	k := c.session.NewCall(&router.Request{
		ID:       f.ID,
		Endpoint: []byte(f.Name),
		Data:     b.B,
		Buffer:   b,
		Admin:    f.Flags&frames.Admin != 0,
		Timeout:  time.Duration(f.MS) * time.Millisecond,
		Parent:   c.asker(f.Parent),
		Caller:   caller,
		Origin:   c.originOf(dialect, client),
	})
	if err := c.session.Enter(k); err != nil {
		b.Free()
		c.reply(f.ID, nil, err)
		return
	}
	if c.router.Admit(k) {
		k.HandOff()
	}
}

// originOf returns the Origin of a call. Calls of one client tend to come one after the
// other, and share it.
func (c *child) originOf(dialect, client string) *call.Origin {
	if o := c.origin; o == nil || o.Dialect != dialect || o.Client != client {
		c.origin = &call.Origin{Dialect: dialect, Client: client}
	}
	return c.origin
}

func (c *child) event(f *frames.Frame) {
	id, live := f.ID, c.live.Load()
	if live == nil {
		c.reply(id, nil, errNoSetup)
		return
	}
	var mu sync.Mutex // protects calls
	var calls []*call.Call
	c.running(id, func(cause error) {
		mu.Lock()
		defer mu.Unlock()
		for _, one := range calls {
			one.CancelByCaller(cause)
		}
	})
	made := func(one *call.Call) {
		mu.Lock()
		defer mu.Unlock()
		calls = append(calls, one)
	}
	c.router.EventFrom(live.gate, c.host, f.Name, id, f.Body, made, func(err error) {
		c.running(id, nil)
		c.reply(id, nil, err)
	})
}

func (c *child) tick(f *frames.Frame) {
	id, live := f.ID, c.live.Load()
	n, err := strconv.Atoi(string(f.Body))
	if err != nil || live == nil || n < 0 || n >= len(live.Instance.Ticks()) {
		c.reply(id, nil, fmt.Errorf("there is no tick %.20q", f.Body))
		return
	}
	var one atomic.Pointer[call.Call]
	c.running(id, func(cause error) {
		if tick := one.Load(); tick != nil {
			tick.CancelByCaller(cause)
		}
	})
	one.Store(c.router.TickFrom(live.Generation, live.Instance.Ticks()[n], id, func(err error) {
		c.running(id, nil)
		c.reply(id, nil, err)
	}))
}

// running notes how to cancel an event or a tick; nil: it is over.
func (c *child) running(id uint64, cancel func(cause error)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if cancel == nil {
		delete(c.cancels, id)
		return
	}
	c.cancels[id] = cancel
}

func (c *child) cancel(f *frames.Frame) {
	cause := context.Canceled
	if f.Flags&frames.Late != 0 {
		cause = context.DeadlineExceeded
	}
	if k := c.session.Find(f.ID); k != nil {
		k.CancelByCaller(cause)
		return
	}
	c.mu.Lock()
	cancel := c.cancels[f.ID]
	c.mu.Unlock()
	if cancel != nil {
		cancel(cause)
	}
}

// reply answers what the bot has asked. If the bot is gone nobody is left to be
// told.
func (c *child) reply(id uint64, body []byte, err error) {
	f := frames.Frame{Kind: frames.Reply, ID: id, Body: body}
	if err == nil && !f.Fits() {
		err = wire.Errorf(wire.TooLarge, "larger than %d bytes", frames.MaxFrame)
	}
	if err != nil {
		f.Flags, f.Body = frames.Failed, appendError(nil, err)
		if !f.Fits() {
			f.Body = appendError(nil, wire.Errorf(wire.TooLarge, "the error's text is larger than %d bytes", frames.MaxFrame))
		}
	} else if f.Body == nil {
		f.Body = []byte("null")
	}
	_ = c.out.Send(&f)
}
