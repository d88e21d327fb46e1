package client

import (
	"bytes"
	"context"
	"fmt"
	"time"

	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// maxConnections is the number of connections to a bot of the Python package that may
// be open at a time. Its own client allows itself 100.
const maxConnections = 64

// An ipcx client speaks the Python package's protocol. It makes a connection for each
// call, since these servers answer one request on each. A second request could come in
// the gap before the server's Close; then it would not run, and the client could not
// tell.
type ipcx struct {
	dialer
	life   *lifetime
	slots  chan struct{} // holds an element for each connection
	lookup *lookup       // finds the port; nil if it is in the target
}

func newIPCX(d dialer, life *lifetime) *ipcx {
	o := &ipcx{dialer: d, life: life, slots: make(chan struct{}, maxConnections)}
	if d.target.scheme == "discover" {
		o.lookup = &lookup{o: o}
	}
	return o
}

// secret returns the token to send: null if there is no secret.
func (d *dialer) secret() *string {
	if d.options.Secret == "" {
		return nil
	}
	return &d.options.Secret
}

func (o *ipcx) connect(ctx context.Context) error {
	ctx, stop := context.WithTimeout(ctx, connectTimeout)
	defer stop()
	conn, detach, err := o.reach(ctx)
	if err != nil {
		return err
	}
	detach()
	o.finish(conn, func() {})
	return nil
}

// close has nothing to do, since calls and connections end with the lifetime's context.
func (o *ipcx) close() {}

// roundTrip never sends a request twice.
func (o *ipcx) roundTrip(r request) (reply, error) {
	defer r.data.Free()
	data := bytes.TrimSpace(r.data.B)
	switch {
	case o.life.ctx.Err() != nil:
		return reply{}, closedError()
	case string(data) == "null":
		data = nil
	case len(data) == 0 || data[0] != '{':
		// the Python package's server would hang up
		return reply{}, newError(wire.BadRequest, fmt.Sprintf("the request of %q must be a JSON object for a bot of the Python package, "+
			"so a struct or a map: %.40q", r.endpoint, data))
	}
	msg := buffer.New()
	defer msg.Free()
	msg.B = protocol.AppendEnvelope(msg.B, r.endpoint, data, o.secret())
	if len(msg.B) > protocol.MaxMessage {
		return reply{}, newError(wire.TooLarge, fmt.Sprintf("the request of %q has %d bytes, bots of the Python package take %d",
			r.endpoint, len(msg.B), protocol.MaxMessage))
	}
	ctx, cancel := r.context()
	defer cancel()
	ctx, cancel = o.life.bound(ctx)
	defer cancel()
	select {
	case o.slots <- struct{}{}:
	case <-ctx.Done():
		return reply{}, o.over(&r, wire.Overloaded, fmt.Sprintf("%q was not sent: %d calls are under way, and none has ended",
			r.endpoint, maxConnections), false, nil)
	}
	conn, detach, err := o.reach(ctx)
	if err != nil {
		<-o.slots
		if ctx.Err() != nil || o.life.ctx.Err() != nil {
			err = o.over(&r, wire.Unavailable, messageOf(err), false, err)
		}
		return reply{}, err
	}
	defer o.finish(conn, func() { <-o.slots })
	buf, err := ask(conn, msg.B)
	detach()
	switch {
	case err != nil && ctx.Err() != nil:
		return reply{}, mayHaveRun(o.over(&r, wire.Timeout, "it may have run", true, err))
	case err != nil:
		return reply{}, lostError(o.target.where(), err)
	}
	text, err := protocol.ParseValue(buf.B)
	if err != nil {
		buf.Free()
		return reply{}, err
	}
	return reply{buf: buf, text: text}, nil
}

// reach connects to the bot. It looks the bot's port up first, if it has to.
func (o *ipcx) reach(ctx context.Context) (*transport.Conn, func() bool, error) {
	if o.lookup == nil {
		return o.open(ctx, o.target, "")
	}
	port, err := o.lookup.port(ctx, 0)
	if err != nil {
		return nil, nil, err
	}
	to := o.target
	to.scheme = "ipcx"
	conn, detach, err := o.open(ctx, to.at(port), "")
	if err == nil || ctx.Err() != nil {
		return conn, detach, err
	}
	// the bot may have come back on another port
	again, lookupErr := o.lookup.port(ctx, port)
	if lookupErr != nil {
		return nil, nil, lookupErr
	}
	if again == port {
		return nil, nil, err
	}
	return o.open(ctx, to.at(again), "")
}

// over returns the error of a call whose context has ended, before or after the call
// was sent. The parameter `what` names the thing for which it waited.
func (o *ipcx) over(r *request, late wire.Code, what string, sent bool, cause error) error {
	switch {
	case o.life.ctx.Err() == nil:
		return r.over(late, what, cause)
	case sent:
		return closedInFlight()
	}
	return closedError()
}

// ask sends one message and waits for one. It answers pings meanwhile.
func ask(conn *transport.Conn, text []byte) (*buffer.Buffer, error) {
	if err := conn.Send(text); err != nil {
		return nil, err
	}
	buf, _, err := conn.Receive() // flushes
	return buf, err
}

// finish ends a connection with Close 1000, for which Python servers send an answer.
// Only Close waits for that. finish calls done at the end.
func (o *ipcx) finish(conn *transport.Conn, done func()) {
	finish := func() {
		guard := time.AfterFunc(closeWait, conn.Abort)
		conn.StartClose(transport.CloseNormal, "")
		for {
			buf, _, err := conn.Receive()
			if err != nil {
				break
			}
			buf.Free() // a message without a caller
		}
		guard.Stop()
		conn.Abort()
		done()
	}
	if !o.life.spawn(finish) {
		conn.Abort()
		done()
	}
}
