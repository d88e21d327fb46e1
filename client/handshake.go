package client

import (
	"fmt"

	"github.com/cogbus/cogbus/internal/transport"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A handshake opens a connection of cogbus.v1. The peer may be any program until its
// welcome has proved that it knows the secret.
type handshake struct {
	ws     *transport.Conn
	where  string
	secret string
}

// run returns the server's welcome.
func (h *handshake) run(name string) (protocol.WelcomeBody, error) {
	var welcome protocol.WelcomeBody
	if h.ws.Subprotocol() != protocol.Subprotocol {
		// in the other dialect the client would send its secret to an unknown peer
		return welcome, h.refuse(wire.Unavailable, "the server does not speak cogbus.v1: "+
			"bots of the Python package are reached with an ipcx:// target")
	}
	mine := protocol.NewNonce()
	if err := h.say("hello", protocol.Hello{Versions: []int{protocol.Version}, Nonce: mine, Client: name}); err != nil {
		return welcome, err
	}
	var challenge protocol.ChallengeBody
	verb, err := h.hear(&challenge, &welcome)
	if err != nil {
		return welcome, err
	}
	if verb == protocol.Challenge {
		if h.secret == "" {
			return welcome, h.refuse(wire.Unauthorized, "the bot asks for its secret: set Options.Secret")
		}
		if err := h.version(challenge.Version); err != nil {
			return welcome, err
		}
		if err := h.say("proof", protocol.Proof(h.secret, protocol.ClientSide, mine, challenge.Nonce)); err != nil {
			return welcome, err
		}
		if verb, err = h.hear(&challenge, &welcome); err != nil {
			return welcome, err
		}
		if verb != protocol.Welcome {
			return welcome, h.refuse(wire.Unavailable, "the server asks twice for a proof")
		}
	}
	if err := h.version(welcome.Version); err != nil {
		return welcome, err
	}
	if h.secret != "" && !protocol.ProofValid(welcome.Proof, h.secret, protocol.ServerSide, mine, challenge.Nonce) {
		return welcome, h.refuse(wire.Unauthorized, "the server does not prove that it knows the secret: "+
			"it has none, or another one, or is not the bot")
	}
	return welcome, nil
}

func (h *handshake) version(v int) error {
	if v != protocol.Version {
		return h.refuse(wire.Unavailable, fmt.Sprintf("the server speaks version %d of the protocol, this client only %d", v, protocol.Version))
	}
	return nil
}

// refuse returns an error after which trying again is of no use.
func (h *handshake) refuse(code wire.Code, why string) error {
	e := newError(code, fmt.Sprintf("connect to %s: %s", h.where, why))
	e.final = true
	return e
}

func (h *handshake) say(verb string, body any) error {
	text, err := protocol.AppendHandshake(nil, verb, body)
	if err == nil {
		err = h.ws.Send(text)
	}
	if err != nil {
		return connectError(h.where, err)
	}
	h.ws.Flush()
	return nil
}

// hear waits for a challenge or a welcome.
func (h *handshake) hear(challenge *protocol.ChallengeBody, welcome *protocol.WelcomeBody) (protocol.ReplyVerb, error) {
	buf, _, err := h.ws.Receive()
	if err != nil {
		return 0, connectError(h.where, err)
	}
	defer buf.Free()
	var r protocol.Reply
	if err := r.Parse(buf.B); err != nil {
		return 0, h.refuse(wire.Unavailable, fmt.Sprintf("the server's handshake is bad: %v", err))
	}
	switch {
	case r.Err != nil && (r.Err.Code == wire.Unauthorized || r.Err.Code == wire.BadRequest):
		return 0, h.refuse(r.Err.Code, "the bot says: "+r.Err.Message)
	case r.Err != nil:
		return 0, newError(r.Err.Code, fmt.Sprintf("connect to %s: the bot says: %s", h.where, r.Err.Message))
	case r.GoAway != nil:
		return 0, newError(wire.Unavailable, fmt.Sprintf("connect to %s: the bot is about to stop", h.where))
	case r.Hello == protocol.Challenge:
		err = protocol.DecodeHandshake(r.Body, challenge)
	case r.Hello == protocol.Welcome:
		err = protocol.DecodeHandshake(r.Body, welcome)
	default:
		err = fmt.Errorf("neither challenge nor welcome: %.100q", buf.B)
	}
	if err != nil {
		return 0, h.refuse(wire.Unavailable, fmt.Sprintf("the server's handshake is bad: %v", err))
	}
	return r.Hello, nil
}
