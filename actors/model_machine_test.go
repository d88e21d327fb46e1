package actors_test

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// Limits of the model.
const (
	callTimeout = 3 * time.Second       // of the cogs' routes
	grace       = time.Second           // for handlers to return after they were cancelled
	patience    = 5 * time.Second       // for functions that save
	keyPatience = 2 * time.Millisecond  // for a Key, before its call loses its place
	slack       = 60 * time.Millisecond // the lateness that the model allows
)

// A machine is a server, its callers and operators, and the model of them.
type machine struct {
	t     *testing.T
	p     profile
	srv   *actors.Server
	lines []*line
	host  *host
	began time.Time
	freed chan struct{} // closed when all user code that hangs must return
	work  sync.WaitGroup

	mu        sync.Mutex // protects the fields below, and the fields of their records
	cogs      []*modelCog
	calls     []*modelCall // by number, from 1
	events    []*modelEvent
	orders    []*modelOrder
	instances []*modelInstance
	running   []*run
	latest    map[string]int // the call that began last, by line and lane
	closing   bool
	closed    bool
	trace     []string
	broken    string // the first broken promise
}

func newMachine(t *testing.T, rt *rapid.T, p profile) *machine {
	first := make([]setupScript, 3)
	for i := range first { // drawn first: if there is no more to draw, no code runs that could be left behind
		if p.slowSaves {
			first[i].saveTakes = drawSaving(rt, 0)
		}
		if p.tasks {
			first[i].task.runs = rapid.Bool().Draw(rt, "has a task")
			first[i].task.hangs = rapid.Bool().Draw(rt, "task hangs")
		}
	}
	m := &machine{
		t:      t,
		p:      p,
		began:  time.Now(),
		freed:  make(chan struct{}),
		latest: map[string]int{},
		calls:  []*modelCall{nil},
	}
	m.srv = actors.NewServer(&actors.Options{
		Secret:          secret,
		ShutdownTimeout: time.Second,
		Logger:          slog.New(slog.DiscardHandler),
	})
	m.host = newHost(m)
	m.cogs = []*modelCog{
		{name: "a", keep: true, listens: true},
		{name: "b", keep: true, serial: true},
		{name: "c", limited: p.limits, listens: true},
	}
	for rank, c := range m.cogs {
		c.rank = rank
		c.loaded = true
		c.next = first[rank]
		if err := m.srv.Load(context.Background(), m.cog(c)); err != nil {
			rt.Fatalf("Load(%s) = %v; want nil", c.name, err)
		}
	}
	for n, dialect := range []string{protocol.Subprotocol, "ipcx", protocol.Subprotocol, "ipcx"} {
		m.lines = append(m.lines, m.dial(n, dialect))
	}
	return m
}

// faultLocked notes that a promise was broken.
func (m *machine) faultLocked(format string, args ...any) {
	if m.broken == "" {
		m.broken = fmt.Sprintf(format, args...)
		m.noteLocked("NOT KEPT: %s", m.broken)
	}
}

// noteLocked adds a line to the trace.
func (m *machine) noteLocked(format string, args ...any) {
	if len(m.trace) > 400 { // the end matters most
		m.trace = m.trace[200:]
	}
	m.trace = append(m.trace, fmt.Sprintf("%12v  ", time.Since(m.began))+fmt.Sprintf(format, args...))
}

// check waits until nothing happens any more at this moment, and fails the run if a
// promise was broken.
func (m *machine) check(rt *rapid.T) {
	synctest.Wait()
	m.mu.Lock()
	m.overdueLocked()
	broken, trace := m.broken, slices.Clone(m.trace)
	m.mu.Unlock()
	if broken == "" {
		return
	}
	for _, text := range trace {
		rt.Logf("%s", text)
	}
	rt.Fatalf("%s", broken)
}

// overdueLocked looks for calls and orders that should have ended.
func (m *machine) overdueLocked() {
	now := time.Now()
	for _, c := range m.calls[1:] {
		if c.made.IsZero() || c.answered || c.cut {
			continue
		}
		if now.After(c.deadline.Add(slack)) {
			m.faultLocked("%v has no outcome %v after its deadline", c, now.Sub(c.deadline))
		}
	}
	for _, o := range m.orders {
		if limit := m.limitLocked(o); !o.done && now.After(o.began.Add(limit)) {
			m.faultLocked("%v has not ended after %v", o, limit)
		}
	}
}

// sleep lets time pass in small steps, so that the model finds lateness early.
func (m *machine) sleep(rt *rapid.T, d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(time.Until(end), 500*time.Millisecond))
		m.check(rt)
	}
}

// release lets all user code return that hangs.
func (m *machine) release() {
	select {
	case <-m.freed:
	default:
		close(m.freed)
	}
}

// end ends all goroutines of the run, also when it has failed.
func (m *machine) end() {
	m.mu.Lock()
	m.closing = true
	m.mu.Unlock()
	m.release()
	_ = m.srv.Close()
	m.host.close()
	for _, l := range m.lines {
		l.close()
	}
	m.work.Wait()
	time.Sleep(time.Minute) // for code that the server has left behind
}
