package loadtest

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/conns"
	"github.com/cogbus/cogbus/client/loadtest/scenario"
	"github.com/cogbus/cogbus/wire"
)

// A job is a call that is to be made. It may be used again for another one.
type job struct {
	due   time.Duration
	seq   uint64
	route int
	data  []byte
}

// prepare draws the next call. It reports whether it could: a template that fails
// ends the run, since what the bot is asked then is not what was meant.
func (r *run) prepare(c *job, draw *scenario.Drawer) bool {
	c.seq = r.seq.Add(1)
	var err error
	if c.route, c.data, err = draw.Next(c.data[:0], c.seq); err != nil {
		r.scenarioFailed(err)
	}
	return err == nil
}

// scenarioFailed ends the run.
func (r *run) scenarioFailed(err error) {
	r.finish(EndScenario, err.Error(), fmt.Errorf("loadtest: the scenario failed: %w", err))
}

// isJSON reports whether the data of a call is. If not, that ends the run: the bot
// would be charged with what the scenario has done.
func (r *run) isJSON(c *job) bool {
	if !r.doubtful[c.route] || json.Valid(c.data) {
		return true
	}
	r.scenarioFailed(fmt.Errorf("call %d: the data of %s is not JSON: %.80q", c.seq, r.program.Routes[c.route].Name, c.data))
	return false
}

// doubtful says of each route whether its template may give JSON sometimes only.
// Those without branches gave it when they were tried, and do so always; checking
// large ones each time would take the generator's processors.
func doubtful(routes []scenario.Route) []bool {
	simple := regexp.MustCompile(`{{\s*(guild|user|seq|rand( -?[0-9]+){0,2}|pad [0-9]+)\s*}}`)
	list := make([]bool, len(routes))
	for i, route := range routes {
		list[i] = strings.Contains(simple.ReplaceAllString(route.Data, ""), "{{")
	}
	return list
}

// make makes a call on a line. It returns the code of its error. What is no call
// is not made.
func (r *run) make(shard *shard, l *conns.Conn, c *job) wire.Code {
	if !r.isJSON(c) {
		return ""
	}
	route := &r.program.Routes[c.route]
	ctx := r.ctx
	if route.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, route.Timeout)
		defer cancel()
	}
	m := made{route: c.route, due: c.due, sent: r.clock.Now()}
	if !r.open() {
		m.sent = m.due // it is both: nothing was to be waited for
	}
	r.record.begin(shard, m.due)
	m.err = l.Call(ctx, route.Name, c.data)
	m.ended = r.clock.Now()
	m.judge(route.Expect)
	r.record.end(shard, &m)
	if m.refuses() && !r.record.known[m.route].Load() {
		// all others would be told the same
		err := fmt.Errorf("call %s: %w", route.Name, m.err) // by the Python package the bot does not say which
		r.finish(EndRefused, err.Error(), err)
		r.cancel()
	}
	return m.code
}
