package compat

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/wire"
)

// A dialogue is a client of ours with the servers of a case.
type dialogue struct {
	g        golden
	main     *fake
	discover *fake  // nil if the client is told the port
	answers  []node // scripts of the discovery port
	client   *client.Client
}

// callTime is how long a call may take that needs no deadline of its own. That
// none is sent again after five seconds, as by a Python client, shows in the
// number of connections.
const callTime = patience

// neverTime is the deadline of calls that get no reply. A busy machine must reach
// the server within it.
const neverTime = 2 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// newClient returns a client that asks at discovery for the bot's port, or knows
// that it is at addr.
func newClient(scheme, addr string, secret *string) (*client.Client, error) {
	o := &client.Options{Logger: quiet}
	if secret != nil {
		o.Secret = *secret
	}
	return client.New(scheme+"://"+addr, o)
}

// replayClient replays a case whose servers are scripted.
func replayClient(g golden) (err error) {
	d := dialogue{g: g}
	if d.main, err = startFake("127.0.0.1:0", g.get("send").list); err != nil {
		return err
	}
	scheme, addr := "ipcx", d.main.addr()
	if g.has("multicast_send") {
		_, port, _ := net.SplitHostPort(addr)
		n, err := parse([]byte(strings.ReplaceAll(g.get("multicast_send").raw, "@PORT@", port)))
		if err != nil {
			return err
		}
		d.answers = n.list
		if d.discover, err = startFake("127.0.0.1:0", d.answers); err != nil {
			return err
		}
		scheme, addr = "discover", d.discover.addr()
	}
	if d.client, err = newClient(scheme, addr, g.secret()); err != nil {
		return err
	}
	err = d.calls()
	d.client.Close() // waits for the Close of each connection
	conns, scriptErr := d.main.stop()
	errs := []error{err, scriptErr}
	if scriptErr == nil {
		errs = append(errs, d.checkMain(conns))
	}
	if d.discover != nil {
		conns, scriptErr := d.discover.stop()
		errs = append(errs, scriptErr, d.checkDiscovery(conns))
	}
	return errors.Join(errs...)
}

// calls makes the recorded calls and checks what each comes to.
func (d *dialogue) calls() error {
	reached := 0 // connections to the main server so far
	for i, c := range d.g.get("setup").get("calls").list {
		data, sendable, err := argument(c.list[1])
		if err != nil {
			return err
		}
		o, dials := d.expect(i, reached, sendable)
		if dials {
			reached++
		}
		limit := callTime
		if o.never {
			limit = neverTime
		}
		ctx, cancel := context.WithTimeout(context.Background(), limit)
		text, err := d.client.Request(ctx, c.list[0].str, data)
		cancel()
		if diff := o.differ(text, err); diff != "" {
			return fmt.Errorf("call %d: %s", i, diff)
		}
	}
	return nil
}

// expect returns what call i must come to, and whether it makes a connection to
// the main server, which has had so many before.
func (d *dialogue) expect(i, reached int, sendable bool) (o outcome, dials bool) {
	scripts := d.g.get("send").list
	f := foretell(scripts[min(reached, len(scripts)-1)].list)
	dials = true
	switch found := d.lookup(i); {
	case !sendable:
		return outcome{code: wire.BadRequest}, false
	case d.discover != nil && found.code != "":
		f.outcome, dials = found, false
	}
	if d.g.fix {
		return f.outcome, dials
	}
	rec := d.g.get("result")
	if d.g.has("results") {
		rec = d.g.get("results").list[i]
	}
	return recordedOutcome(rec), dials
}

// recordedOutcome is what a call must come to that came to rec in Python.
func recordedOutcome(rec node) outcome {
	switch {
	case rec.has("value"):
		return value([]byte(rec.get("value").str))
	case rec.has("pending_after_s"):
		return outcome{code: wire.Canceled}
	}
	return outcome{code: exceptions[rec.get("exception").str], raised: rec.get("exception").str}
}

// exceptions are the errors for what reaches a Python caller as an exception, in
// cases where that is right. What Python shows of its insides (TypeError,
// KeyError) stands in cases to fix.
var exceptions = map[string]wire.Code{
	// certainly not run: no connection was made
	"ClientConnectorError":    wire.Unavailable,
	"WSServerHandshakeError":  wire.Unavailable,
	"ClientResponseError":     wire.Unavailable,
	"ServerDisconnectedError": wire.Unavailable,
	// the discovery port did not say where the bot is
	"NotConnectedError": wire.Unavailable,
	"NotConnected":      wire.Unavailable,
	// the reply is no JSON
	"JSONDecodeError": wire.Internal,
	// after a failed connect the ancestor's client is dead; ours tries again,
	// and fails as it did the first time
	"AttributeError": wire.Unavailable,
	// the client is closed
	"RuntimeError": wire.Unavailable,
}

// lookup returns what the discovery of call i comes to: an outcome without a
// code if the bot is found.
func (d *dialogue) lookup(i int) outcome {
	if d.discover == nil {
		return outcome{}
	}
	f := foretell(d.answers[min(i, len(d.answers)-1)].list)
	if f.value == "" || f.code != "" {
		if f.code != wire.Unauthorized {
			return outcome{code: wire.Unavailable} // the call was certainly not run
		}
		return f.outcome.without()
	}
	n, _ := parse([]byte(f.value))
	port := n.get("port")
	if port.kind == '"' {
		port, _ = parse([]byte(port.str))
	}
	if !port.isInt() || port.int() < 1 || port.int() > 65535 {
		return outcome{code: wire.Unavailable}
	}
	return outcome{}
}

// without returns o without the claim that the reply itself can be had: a lookup
// is not the caller's.
func (o outcome) without() outcome {
	o.object, o.value = false, ""
	return o
}

// argument returns recorded keyword arguments as a Go caller would pass them,
// and whether JSON can hold them.
func argument(n node) (data any, sendable bool, err error) {
	if n.kind == '"' { // an object of Python's, in words
		return map[string]any{"o": make(chan int)}, false, nil
	}
	if strings.Contains(n.raw, `\ud800`) { // no Go string holds a lone surrogate
		return json.RawMessage(n.raw), true, nil
	}
	v, sendable := native(n)
	return v, sendable, nil
}

// native returns a value as Go has it.
func native(n node) (v any, sendable bool) {
	sendable = true
	switch n.kind {
	case 't':
		return n.raw == "true", true
	case '"':
		return n.str, true
	case '#':
		if f := n.float(); math.IsNaN(f) || math.IsInf(f, 0) {
			return f, false
		}
		return json.Number(n.raw), true
	case '[':
		list := []any{}
		for _, e := range n.list {
			v, ok := native(e)
			list, sendable = append(list, v), sendable && ok
		}
		return list, sendable
	case '{':
		m := map[string]any{}
		for _, key := range n.keys {
			v, ok := native(n.get(key))
			m[key], sendable = v, sendable && ok
		}
		return m, sendable
	}
	return nil, true
}

// checkMain checks what the client sent to the main server: for each call one
// connection, and on it one request.
func (d *dialogue) checkMain(conns []*fakeConn) error {
	var want []string
	for i, c := range d.g.get("setup").get("calls").list {
		if _, sendable, _ := argument(c.list[1]); sendable && d.lookup(i).code == "" {
			token := "null"
			if s := d.g.secret(); s != nil && *s != "" {
				token = quote(*s)
			}
			want = append(want, fmt.Sprintf(`{"endpoint": %s, "data": %s, "headers": {"Authorization": %s}}`, quote(c.list[0].str), c.list[1].raw, token))
		}
	}
	for i, c := range d.g.get("expect").list {
		// what is computed must be what was recorded
		f := c.get("frames").list
		if d.g.fix || d.g.target != "ipcx-client" || len(f) == 0 || f[0].get("op").str != "text" {
			continue
		}
		if i >= len(want) {
			return fmt.Errorf("the test expects %d requests; more were recorded", len(want))
		}
		if diff := differText([]byte(want[i]), f[0].get("text").str); diff != "" {
			return fmt.Errorf("the test expects another request than was recorded: %s", diff)
		}
	}
	return checkConns("main", conns, want, d.g.get("send").list)
}

// checkDiscovery checks the lookups: one, and after each that failed another.
func (d *dialogue) checkDiscovery(conns []*fakeConn) error {
	n := 0
	for i := range d.g.get("setup").get("calls").list {
		if n++; d.lookup(i).code == "" {
			break
		}
	}
	var want []string
	for range n {
		want = append(want, fmt.Sprintf(`{"connect": true, "headers": {"Authorization": %s}}`, quote(*d.g.secret())))
	}
	return checkConns("discovery", conns, want, d.answers)
}
