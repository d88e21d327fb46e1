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

// A dialogue is a cogbus client with the servers of a case.
type dialogue struct {
	g        golden
	main     *fake
	discover *fake  // nil if the client knows the port without discovery
	answers  []node // the scripts of the discovery port
	client   *client.Client
}

// callTime is the time limit of a call that needs no special deadline. A Python client
// sends a call again after five seconds; the number of connections shows that ours does
// not.
const callTime = patience

// neverTime is the deadline of calls that get no reply. It is long enough to reach the
// server, also on a busy machine.
const neverTime = 2 * time.Second

var quiet = slog.New(slog.DiscardHandler)

// newClient returns a client that gets the bot's port from discovery, or that connects to
// addr.
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

// calls makes the recorded calls and checks the outcome of each.
func (d *dialogue) calls() error {
	reached := 0 // number of connections to the main server so far
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

// expect returns the outcome that call i must have, and whether the call makes a connection
// to the main server. reached is the number of connections there before.
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

// recordedOutcome returns the outcome that a call must have if its outcome in Python was
// rec.
func recordedOutcome(rec node) outcome {
	switch {
	case rec.has("value"):
		return value([]byte(rec.get("value").str))
	case rec.has("pending_after_s"):
		return outcome{code: wire.Canceled}
	}
	return outcome{code: exceptions[rec.get("exception").str], raised: rec.get("exception").str}
}

// exceptions are the error codes in place of exceptions that a Python caller gets, for
// cases in which an exception is right. Exceptions from the insides of the package
// (TypeError, KeyError) only occur in cases to fix.
var exceptions = map[string]wire.Code{
	// No connection was made, so the call has certainly not run.
	"ClientConnectorError":    wire.Unavailable,
	"WSServerHandshakeError":  wire.Unavailable,
	"ClientResponseError":     wire.Unavailable,
	"ServerDisconnectedError": wire.Unavailable,
	// The discovery port did not tell the bot's port.
	"NotConnectedError": wire.Unavailable,
	"NotConnected":      wire.Unavailable,
	// The reply is no JSON.
	"JSONDecodeError": wire.Internal,
	// After a failed connect the ancestor's client does not work any more. Ours tries
	// again, and fails as the first time.
	"AttributeError": wire.Unavailable,
	// The client is closed.
	"RuntimeError": wire.Unavailable,
}

// lookup returns the outcome of the discovery of call i. It has no code if discovery finds
// the bot.
func (d *dialogue) lookup(i int) outcome {
	if d.discover == nil {
		return outcome{}
	}
	f := foretell(d.answers[min(i, len(d.answers)-1)].list)
	if f.value == "" || f.code != "" {
		if f.code != wire.Unauthorized {
			return outcome{code: wire.Unavailable} // the call has certainly not run
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

// without returns o without the reply, because the caller does not get the reply to a
// lookup.
func (o outcome) without() outcome {
	o.object, o.value = false, ""
	return o
}

// argument returns recorded keyword arguments as a Go caller would pass them,
// and whether JSON can hold them.
func argument(n node) (data any, sendable bool, err error) {
	if n.kind == '"' { // a description of a Python object
		return map[string]any{"o": make(chan int)}, false, nil
	}
	if strings.Contains(n.raw, `\ud800`) { // no valid Go string holds a lone surrogate
		return json.RawMessage(n.raw), true, nil
	}
	v, sendable := native(n)
	return v, sendable, nil
}

// native returns a node as a Go value.
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

// checkMain checks the connections of the client to the main server: one for each call,
// with one request.
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
		// The computed request must equal the recorded one.
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

// checkDiscovery checks the number of lookups: one, and another one after each failure.
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
