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

// A child is the process's end of the connection between a cog and its bot.
type child struct {
	conn    net.Conn
	out     *frames.Writer
	in      *frames.Reader
	host    *host
	router  *router.Router
	session *router.Session // has the calls of the bot
	live    atomic.Pointer[live]
	orders  chan *frames.Frame // from read to obey
	quit    chan struct{}      // closed when the child has carried out the order to quit
	lastID  atomic.Uint64

	origin *call.Origin // the origin of the last call; owned by read

	// owned by obey
	cog  cogs.Cog
	task *router.TaskContext

	mu      sync.Mutex                   // protects the fields below
	asked   map[uint64]chan<- reply      // the requests that the bot has not answered yet
	askers  map[uint64]*asker            // the calls that wait for these answers, by the bot's ids
	cancels map[uint64]func(cause error) // cancel the events and ticks that run
}

// A live is the instance whose Setup has succeeded.
type live struct {
	gate *gate.Gate // open except during saves: in a reload, the bot's own gate holds the calls
	*gate.Generation
}

// maxOrders is more than the number of orders that a bot gives at once, since it waits for
// the reply to each.
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

// read handles the frames of the bot until the connection ends. It never waits for anything
// else, so that it notices every cancel, and the end, at once.
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

// originOf returns the Origin of a call. Successive calls often come from the same client,
// and then share an Origin.
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

// running stores the function that cancels an event or a tick. A nil function means that
// the event or tick is over.
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

// reply sends the answer to a frame of the bot. If that fails, the bot is gone, and the
// answer is of no use.
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
