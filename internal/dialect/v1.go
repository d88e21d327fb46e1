package dialect

import (
	"github.com/cogbus/cogbus/internal/buffer"
	"github.com/cogbus/cogbus/internal/call"
	"github.com/cogbus/cogbus/internal/router"
	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// v1 speaks cogbus.v1 with one client.
type v1 struct {
	c *Connection

	// owned by the reader, in turn
	nonces *nonces // nil except while a proof is expected
	state  v1State
	admin  bool
}

// nonces are the random bytes of a handshake.
type nonces struct{ client, server protocol.Nonce }

type v1State uint8

const (
	expectHello v1State = iota
	expectProof
	ready
	rejected // the client has not authenticated, and a Close is on its way
)

func (d *v1) Head(dst []byte, c *call.Call) []byte { return protocol.AppendResultHead(dst, c.ID) }

func (d *v1) Tail(dst []byte) []byte { return protocol.AppendResultTail(dst) }

func (d *v1) Fail(dst []byte, c *call.Call, err error) []byte {
	return protocol.AppendError(dst, c.ID, err)
}

func (d *v1) Over(*call.Call) {}

func (d *v1) Answer(c *call.Call, text []byte, flush bool) (seen bool) {
	seen = d.c.Forget(c)
	d.c.send(text, flush)
	d.c.Sent()
	return seen
}

func (d *v1) say(text []byte) {
	_ = d.c.conn.Send(text)
	d.c.conn.Flush()
}

func (d *v1) closeLast(code int, reason string) {
	d.c.rejected = true
	d.c.Owner.RequestClose(code, reason)
}

func (d *v1) cutOff(err *wire.Error) { d.c.CancelAll(every, err) }

func (d *v1) waitAnswers() {} // the closing side has cancelled its calls already

func (d *v1) goAway(reason string) {
	if d.c.trusted.Load() { // in a handshake the client would take the message for an answer
		d.say(protocol.AppendGoAway(nil, reason))
	}
}

func (d *v1) receive(m *buffer.Buffer, text bool) bool {
	if d.state == ready {
		return d.take(m, text)
	}
	d.c.onWorker(func() { d.take(m, text) })
	return true
}

func (d *v1) take(m *buffer.Buffer, text bool) bool {
	var r protocol.Request
	if err := r.Parse(m.B); err != nil {
		if !d.c.rejectInvalidUTF8(m, text) {
			d.reject(r.ID, err)
		}
		m.Free()
		return true
	}
	if d.state == ready && r.Verb == protocol.VerbCall {
		return d.call(m, &r)
	}
	defer m.Free()
	switch {
	case d.state == expectHello && r.Verb == protocol.VerbHello:
		d.hello(r.Body)
	case d.state == expectProof && r.Verb == protocol.VerbProof:
		d.proof(r.Body)
	case d.state != ready:
		d.reject(r.ID, wire.Errorf(wire.Unauthorized, "the handshake comes first"))
	case r.Verb == protocol.VerbCancel:
		if c := d.c.Find(r.ID); c != nil {
			c.CancelByCaller(nil)
		}
	case r.Verb == protocol.VerbHello || r.Verb == protocol.VerbProof:
		d.reject(r.ID, wire.Errorf(wire.BadRequest, "the handshake is over"))
	default:
		d.reject(r.ID, wire.Errorf(wire.BadRequest, "the message has no verb that this server knows"))
	}
	return true
}

func (d *v1) reject(id uint64, err error) {
	d.c.Router.Rejected("", d.c.Remote, err)
	_ = d.c.conn.Send(protocol.AppendError(nil, id, err))
}

func (d *v1) call(m *buffer.Buffer, r *protocol.Request) bool {
	c := d.c.NewCall(&router.Request{
		ID:       r.ID,
		Endpoint: r.Endpoint,
		Data:     r.Data,
		Buffer:   m,
		Admin:    d.admin,
		Arrived:  d.c.turn.budget.arrived,
		Timeout:  r.Timeout,
	})
	if err := d.c.Enter(c); err != nil {
		d.c.Router.Failed(c, err)
		_ = d.c.conn.Send(protocol.AppendError(nil, r.ID, err))
		m.Free()
		return true
	}
	return d.c.serve(c)
}

func (d *v1) hello(body []byte) {
	var h struct {
		Versions []int           `json:"v"`
		Client   string          `json:"client"`
		Nonce    *protocol.Nonce `json:"nonce"` // a pointer, so that a missing nonce is nil
	}
	if err := protocol.DecodeHandshake(body, &h); err != nil || h.Nonce == nil {
		// Do not answer with err, which quotes the message. A client that confuses the
		// fields sends its secret there.
		d.reject(0, wire.Errorf(wire.BadRequest, `"hello" needs "v", a list of versions, and "nonce", 32 bytes in base64; "client" is a string`))
		return
	}
	known := false
	for _, v := range h.Versions {
		known = known || v == protocol.Version
	}
	if !known {
		d.reject(0, wire.Errorf(wire.BadRequest, "this server speaks version %d alone", protocol.Version))
		d.state = rejected
		d.c.Owner.RequestClose(transport.ClosePolicy, "no common version")
		return
	}
	d.c.Client = cleanName(h.Client)
	if len(d.c.hub.Credentials) == 0 {
		d.welcome("")
		return
	}
	d.state = expectProof
	d.nonces = &nonces{client: *h.Nonce, server: protocol.NewNonce()}
	d.handshake("challenge", protocol.ChallengeBody{Version: protocol.Version, Nonce: d.nonces.server, Max: d.c.Router.MaxMessage()})
}

func (d *v1) proof(body []byte) {
	var proof string
	if err := protocol.DecodeHandshake(body, &proof); err != nil {
		d.reject(0, wire.Errorf(wire.BadRequest, `"proof" must be a string`))
		return
	}
	n := d.nonces
	d.nonces = nil // an idle client needs no memory for them
	for _, s := range d.c.hub.Credentials {
		if protocol.ProofValid(proof, s.Secret, protocol.ClientSide, n.client, n.server) {
			d.admin = s.Admin
			d.welcome(protocol.Proof(s.Secret, protocol.ServerSide, n.client, n.server))
			return
		}
	}
	d.state = rejected
	err := wire.Errorf(wire.Unauthorized, "the secret is wrong")
	d.c.Router.Rejected("", d.c.Remote, err)
	d.c.penalize()
	_ = d.c.conn.Send(protocol.AppendError(nil, 0, err))
	d.c.Owner.RequestClose(transport.ClosePolicy, "the secret is wrong")
}

func (d *v1) welcome(proof string) {
	d.state = ready
	d.c.trusted.Store(true)
	d.handshake("welcome", protocol.WelcomeBody{
		Version: protocol.Version,
		Proof:   proof,
		Max:     d.c.Router.MaxMessage(),
		Calls:   d.c.hub.MaxCalls,
	})
}

func (d *v1) handshake(verb string, body any) {
	text, err := protocol.AppendHandshake(nil, verb, body)
	if err != nil {
		d.c.hub.Log.Error("handshake", "err", err)
		return
	}
	_ = d.c.conn.Send(text)
}
