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

// A job is a call that a caller has to make. The generator uses it again for later
// calls.
type job struct {
	due   time.Duration
	seq   uint64
	route int
	data  []byte
}

// prepare draws the next call. If the template fails, prepare ends the run and
// returns false, because the bot would get other calls than the scenario intended.
func (g *generator) prepare(c *job, draw *scenario.Drawer) bool {
	c.seq = g.seq.Add(1)
	var err error
	if c.route, c.data, err = draw.Next(c.data[:0], c.seq); err != nil {
		g.scenarioFailed(err)
	}
	return err == nil
}

// scenarioFailed ends the run.
func (g *generator) scenarioFailed(err error) {
	g.ending.finish(EndScenario, err.Error(), fmt.Errorf("loadtest: the scenario failed: %w", err))
}

// isJSON reports whether the data of a call is JSON. If not, it ends the run, because
// the report would blame the bot for a fault of the scenario.
func (g *generator) isJSON(c *job) bool {
	if !g.checkData[c.route] || json.Valid(c.data) {
		return true
	}
	g.scenarioFailed(fmt.Errorf("call %d: the data of %s is not JSON: %.80q", c.seq, g.program.Routes[c.route].Name, c.data))
	return false
}

// doubtful reports for each route whether its template may produce JSON for some
// calls only. A template without branches produced JSON when Compile tried it, and
// so it always does. Checking the data of each call would take much of the
// generator's processor time if the data is large.
func doubtful(routes []scenario.Route) []bool {
	simple := regexp.MustCompile(`{{\s*(guild|user|seq|rand( -?[0-9]+){0,2}|pad [0-9]+)\s*}}`)
	list := make([]bool, len(routes))
	for i, route := range routes {
		list[i] = strings.Contains(simple.ReplaceAllString(route.Data, ""), "{{")
	}
	return list
}

// call makes a call on a connection, records its result, and returns the code of its
// error. If the data is not JSON, it makes no call.
func (g *generator) call(shard *shard, conn *conns.Conn, c *job) wire.Code {
	if !g.isJSON(c) {
		return ""
	}
	route := &g.program.Routes[c.route]
	ctx := g.calls
	if route.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, route.Timeout)
		defer cancel()
	}
	m := callResult{route: c.route, due: c.due, sent: g.clock.Now()}
	if !g.plan.open() {
		m.sent = m.due // a call of a closed loop is due when it is sent
	}
	g.record.begin(shard, m.due)
	m.err = conn.Call(ctx, route.Name, c.data)
	m.ended = g.clock.Now()
	m.judge(route.Expect)
	g.record.end(shard, &m)
	if m.refuses() && !g.record.known[m.route].Load() {
		// the bot would refuse all other calls too; a bot of the Python package
		// does not name the route in its error
		err := fmt.Errorf("call %s: %w", route.Name, m.err)
		g.ending.abort(EndRefused, err.Error(), err)
	}
	return m.code
}
