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

// A Plan describes a load. With Rate or Stages the loop is open: calls are made when
// they are due, even if earlier calls are unanswered. Otherwise the loop is closed:
// Callers make calls, and each waits for its answer.
type Plan struct {
	// Target is the bot's address, as for [client.New].
	Target string

	// Dialect is the protocol that the generator speaks. If empty, it is IPCXDial for
	// ipcx and discover targets, and V1 for all others.
	Dialect Dialect

	// Client has the secret, and the options for connecting. The run sets its Timeout
	// and its Name. May be nil.
	Client *client.Options

	// AdminSecret is needed for faults that reload, unload, load or kill cogs.
	AdminSecret string

	// Scenario describes the calls.
	Scenario scenario.Scenario

	// Callers is the number of callers of a closed loop. If zero, it is 1. If a call
	// fails because the bot is overloaded, the route does not exist, or there is no
	// connection, its caller waits for 10 ms before the next call.
	Callers int

	// Depth is the number of calls that each caller keeps under way. If zero, it is 1.
	Depth int

	// Connections is the number of connections that carry the calls. If zero, a
	// closed loop has one for each caller, and an open loop has 16.
	//
	// With IPCXDial, which opens a connection for each call, it is the number of
	// clients. Each client has up to 64 calls, and so connections, at a time; further
	// calls wait in the client.
	Connections int

	// Rate is the number of calls a second of an open loop. With Stages it is the rate
	// at their beginning.
	Rate float64

	// Stages change the rate, one after the other.
	Stages []Stage

	// Duration is the length of the sending phase after Warmup. If it is zero:
	//   - With Stages, it is the sum of their times.
	//   - With Count, the phase lasts until so many calls are made.
	//   - Otherwise it is 10 s.
	//
	// Calls of an open loop that were due in the phase and were not sent count as
	// missed, and the run is invalid.
	Duration time.Duration

	// Count is the largest number of calls after Warmup. If zero, there is no limit.
	Count int64

	// Warmup is the time in which calls are made and do not count. An open loop makes
	// them at Rate.
	Warmup time.Duration

	// Grace is the time that the run waits, after the sending phase, for the calls
	// that are still under way. If zero, it is Timeout.
	Grace time.Duration

	// Timeout limits a call whose route has no Timeout. If zero, it is 10 s.
	Timeout time.Duration

	// Churn is the number of connections a second that the run replaces by new ones.
	// It closes the old connection when its calls have ended, so no call is lost.
	Churn float64

	// Faults are the faults that the run injects into the bot and into its clients.
	Faults []Fault

	// Goals are judged at the end of the run. The report has the verdicts.
	Goals []Goal

	// AbortOn ends the run if one of these goals is missed in three samples in a row.
	AbortOn []Goal

	// MaxInFlight limits the calls that an open loop has under way. If it is reached,
	// calls that are due are not sent: they count as missed, and the run is invalid.
	// If zero, it is 100,000.
	MaxInFlight int

	// GiveUp is the time after which the run ends if no connection is open and the
	// bot answers nothing. If zero, it is 5 s. If a bot hangs and keeps its
	// connections, its calls time out, and the run goes on.
	GiveUp time.Duration

	// Interval is the length of a sample. If zero, it is 1 s.
	Interval time.Duration

	// Seed makes two runs draw the same calls. In an open loop, call n of both runs is
	// the same. In a closed loop, call n of each caller is the same, except for
	// {{seq}}. If zero, the run draws a seed.
	Seed uint64

	// Progress is called with each sample. All calls come from one goroutine, and must
	// not block. May be nil.
	//
	// If little time has passed between the last sample and the end of the run,
	// Progress gets it as a short sample of its own, while the report's Timeline
	// includes it in the sample before. The counts of both add up to the same.
	Progress func(Sample)
}

// A Dialect is a protocol between client and bot.
type Dialect string

// The dialects.
const (
	V1       Dialect = "v1"        // cogbus.v1, in which a connection carries many calls at once
	IPCX     Dialect = "ipcx"      // the Python package's, on connections that stay open, which servers of that package do not allow
	IPCXDial Dialect = "ipcx-dial" // the Python package's, with a connection for each call, as the client of that package has it
)

// A Stage changes the rate linearly to Rate calls a second, over a time. A stage that
// takes no time is a step.
type Stage struct {
	Rate float64       `json:"rate"`
	Over time.Duration `json:"over_ns"`
}

// withDefaults returns the plan with its defaults filled in, or an error if the plan
// is invalid.
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
	if p.Dialect != V1 { // a bot of cogbus speaks all dialects on one port
		if rest, ok := strings.CutPrefix(p.Target, "ws:"); ok {
			p.Target = "ipcx:" + rest
		}
	}
	o := p.clientOptions("")
	c, err := client.New(p.Target, &o) // reports a wrong target, and a secret that the protocol would send in clear
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

// length returns Duration, or its default. It is 0 if Count ends the run.
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

// stopAt returns the end of the sending phase of a plan with its defaults filled in,
// since the run began. It is 0 if Count ends the phase.
func (p *Plan) stopAt() time.Duration {
	if p.Duration == 0 {
		return 0
	}
	return p.Warmup + p.Duration
}

// connections returns Connections, or its default.
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

// dial returns the function that opens network connections, or nil if the client uses
// a net.Dialer.
func (p *Plan) dial() func(ctx context.Context, network, addr string) (net.Conn, error) {
	if p.Client == nil {
		return nil
	}
	return p.Client.DialContext
}
