//go:build stress

package stress

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/gorilla/websocket"

	"github.com/cogbus/cogbus/wire/protocol"
)

// A peer is a connection of a raw client. It writes several messages in one write, so
// that the bot reads them in one read.
type peer struct {
	ws  *websocket.Conn
	out []byte
}

func (w *world) dial(protocols ...string) (*peer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	d := websocket.Dialer{Subprotocols: protocols}
	ws, resp, err := d.DialContext(ctx, "ws://"+w.addr+"/", nil)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	return &peer{ws: ws}, nil
}

// add puts a message behind those that flush will write. The mask of its frame
// changes nothing.
func (p *peer) add(text []byte) {
	p.out = append(p.out, 0x81)
	switch n := len(text); {
	case n < 126:
		p.out = append(p.out, 0x80|byte(n))
	default: // all of them are smaller than 64 KiB
		p.out = binary.BigEndian.AppendUint16(append(p.out, 0x80|126), uint16(n))
	}
	p.out = append(p.out, 0, 0, 0, 0)
	p.out = append(p.out, text...)
}

func (p *peer) flush() error {
	_, err := p.ws.NetConn().Write(p.out)
	p.out = p.out[:0]
	return err
}

// shakeHands does the handshake of cogbus.v1, both ways.
func (p *peer) shakeHands() error {
	_ = p.ws.SetReadDeadline(time.Now().Add(30 * time.Second))
	defer func() { _ = p.ws.SetReadDeadline(time.Time{}) }()
	mine := protocol.NewNonce()
	challenge := protocol.ChallengeBody{}
	if err := p.exchange(protocol.Challenge, &challenge, "hello", protocol.Hello{Versions: []int{protocol.Version}, Nonce: mine, Client: "stress"}); err != nil {
		return err
	}
	welcome := protocol.WelcomeBody{}
	if err := p.exchange(protocol.Welcome, &welcome, "proof", protocol.Proof(secret, protocol.ClientSide, mine, challenge.Nonce)); err != nil {
		return err
	}
	if !protocol.ProofValid(welcome.Proof, secret, protocol.ServerSide, mine, challenge.Nonce) {
		return errors.New("the server's proof is wrong")
	}
	return nil
}

func (p *peer) exchange(want protocol.ReplyVerb, body any, verb string, value any) error {
	text, err := json.Marshal(map[string]any{verb: value})
	if err != nil {
		return err
	}
	p.add(text)
	if err := p.flush(); err != nil {
		return err
	}
	_, answer, err := p.ws.ReadMessage()
	if err != nil {
		return err
	}
	var r protocol.Reply
	if err := r.Parse(answer); err != nil || r.Hello != want {
		return fmt.Errorf("the answer to %s is %q: %w", verb, answer, err)
	}
	return protocol.DecodeHandshake(r.Body, body)
}
