package loadtest

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/client/loadtest/internal/arrival"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
)

// A Plan says what load to make. Rate or Stages make an open loop, in which calls
// are made when they are due, whatever became of earlier ones; without them,
// Callers make a closed loop, in which each waits for its answer.
type Plan struct {
	// Target is the bot's address, as for [client.New].
	Target string

	// Dialect is how the generator speaks. If empty, it is V1, and IPCXDial for
	// ipcx and discover targets.
	Dialect Dialect

	// Client holds the secret and how to connect. Its Timeout and Name are set by
	// the run. May be nil.
	Client *client.Options

	// AdminSecret is what the faults that reload, unload or kill cogs need.
	AdminSecret string

	// Scenario says what is called.
	Scenario scenario.Scenario

	// Callers is how many callers a closed loop has. If zero, it is 1. One that is
	// refused, as overloaded, since there is no such route, or since there is no
	// connection, calls again after 10 ms.
	Callers int

	// Depth is how many calls each caller keeps under way. If zero, it is 1.
	Depth int

	// Connections is how many connections carry the calls. If zero, a closed loop
	// has one for each caller, an open one 16. By IPCXDial it is how many clients
	// do, of which each has up to 64 calls, so connections, at a time; further
	// calls wait in the client.
	Connections int

	// Rate is how many calls a second an open loop makes. With Stages it is the
	// rate at their beginning.
	Rate float64

	// Stages change the rate, one after the other.
	Stages []Stage

	// Duration is how long calls are made, after Warmup. If zero, it is that of the
	// Stages, else until Count calls are made, else 10 s. What an open loop was to
	// send by then and has not is counted as missed, and the run is invalid.
	Duration time.Duration

	// Count is how many calls are made after Warmup, at most. If zero, there is no
	// limit.
	Count int64

	// Warmup is how long calls are made before any is counted: by a closed loop as
	// later, by an open one at Rate.
	Warmup time.Duration

	// Grace is how long calls are waited for that are under way at the end. If
	// zero, it is Timeout.
	Grace time.Duration

	// Timeout is how long a call may take, where its route does not say. If zero,
	// it is 10 s.
	Timeout time.Duration

	// Churn is how many connections a second are replaced by new ones, each when
	// the calls that it has are answered: none is lost.
	Churn float64

	// Faults are what happens to the bot, and to its clients, during the run.
	Faults []Disturbance

	// Goals are judged at the end; the verdicts stand in the report.
	Goals []Goal

	// AbortOn ends the run when one of these goals was missed in three intervals
	// in a row.
	AbortOn []Goal

	// MaxInFlight bounds the calls that an open loop has under way. What is due
	// beyond it is not sent, but counted as missed, and the run is invalid. If
	// zero, it is 100,000.
	MaxInFlight int

	// GiveUp is how long nothing may be answered while no connection is open,
	// before the run ends. If zero, it is 5 s. A bot that hangs keeps its
	// connections: its calls time out, and the run goes on.
	GiveUp time.Duration

	// Interval is the length of a sample. If zero, it is 1 s.
	Interval time.Duration

	// Seed makes two runs draw the same calls: in an open loop the nth call of
	// both, in a closed one the nth call of each caller, but for {{seq}}. If zero,
	// one is drawn.
	Seed uint64

	// Progress is called after each interval, on one goroutine, and must not
	// block. What little comes after the last one is told as a short sample of
	// its own, which the report's Timeline has in the one before: the counts of
	// both add up to the same. May be nil.
	Progress func(Sample)
}

// A Dialect is a way of speaking to a bot.
type Dialect string

// The dialects.
const (
	V1       Dialect = "v1"        // cogbus.v1: calls overtake each other on a connection
	IPCX     Dialect = "ipcx"      // the Python package's, on connections that stay; its own servers do not let them
	IPCXDial Dialect = "ipcx-dial" // the same with a connection for each call, as the Python package's client does
)

// A Stage changes the rate linearly to Rate calls a second, over a time. One that
// takes no time is a step.
type Stage struct {
	Rate float64       `json:"rate"`
	Over time.Duration `json:"over_ns"`
}

// withDefaults returns the plan as it is carried out. The error says what is wrong
// with it.
func (p Plan) withDefaults() (Plan, error) {
	if err := p.check(); err != nil {
		return p, fmt.Errorf("loadtest: %w", err)
	}
	if p.Dialect == "" {
		p.Dialect = V1
		if isPython(p.Target) {
			p.Dialect = IPCXDial
		}
	}
	if p.Dialect != V1 { // a cogbus bot speaks both on one port
		if rest, ok := strings.CutPrefix(p.Target, "ws:"); ok {
			p.Target = "ipcx:" + rest
		}
	}
	o := p.clientOptions("")
	c, err := client.New(p.Target, &o) // says what is wrong with a target, and who may have the secret
	if err != nil {
		return p, fmt.Errorf("loadtest: %w", err)
	}
	_ = c.Close()
	p.Callers = cmp.Or(p.Callers, 1)
	p.Depth = cmp.Or(p.Depth, 1)
	p.Connections = p.connections()
	p.Duration = p.length()
	p.Timeout = cmp.Or(p.Timeout, 10*time.Second)
	p.Grace = cmp.Or(p.Grace, p.Timeout)
	p.MaxInFlight = cmp.Or(p.MaxInFlight, 100_000)
	p.GiveUp = cmp.Or(p.GiveUp, 5*time.Second)
	p.Interval = cmp.Or(p.Interval, time.Second)
	return p, nil
}

func isPython(target string) bool {
	return strings.HasPrefix(target, "ipcx:") || strings.HasPrefix(target, "discover:")
}

// length returns Duration, or what stands for it; 0: Count ends the run.
func (p *Plan) length() time.Duration {
	d := p.Duration
	if d == 0 {
		for _, s := range p.Stages {
			d += s.Over
		}
	}
	if d == 0 && p.Count == 0 {
		d = 10 * time.Second
	}
	return d
}

// connections returns Connections, or what stands for it.
func (p *Plan) connections() int {
	switch {
	case p.Connections > 0:
		return p.Connections
	case p.open():
		return 16
	}
	return max(p.Callers, 1)
}

func (p *Plan) open() bool { return p.Rate > 0 || len(p.Stages) > 0 }

// schedule returns the schedule of an open loop.
func (p *Plan) schedule() *arrival.Schedule {
	stages := make([]arrival.Stage, len(p.Stages))
	for i, s := range p.Stages {
		stages[i] = arrival.Stage{Rate: s.Rate, Over: s.Over}
	}
	return arrival.NewSchedule(p.Rate, p.Warmup, stages)
}

// dial returns what opens network connections; nil: a net.Dialer.
func (p *Plan) dial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.Client == nil {
		return nil
	}
	return p.Client.DialContext
}
