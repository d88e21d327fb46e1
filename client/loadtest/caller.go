package loadtest

import (
	"context"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/client/loadtest/internal/lines"
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
// ends the run.
func (r *run) prepare(c *job, draw *scenario.Drawer) bool {
	c.seq = r.seq.Add(1)
	var err error
	if c.route, c.data, err = draw.Next(c.data[:0], c.seq); err != nil {
		r.finish(EndAborted, err.Error(), nil)
	}
	return err == nil
}

// make makes a call on a line. It returns the code of its error.
func (r *run) make(shard *shard, l *lines.Line, c *job) wire.Code {
	route := &r.program.Routes[c.route]
	ctx := r.ctx
	if route.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, route.Timeout)
		defer cancel()
	}
	m := made{route: c.route, due: c.due, sent: r.now()}
	if !r.open() {
		m.sent = m.due // it is both: nothing was to be waited for
	}
	r.record.begin(shard, m.due)
	m.err = l.Call(ctx, route.Name, c.data)
	m.ended = r.now()
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
