package compat

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// replayServer replays a dialogue with a server.
func replayServer(g golden, pool *bots) error {
	b, err := pool.get(g.secret())
	if err != nil {
		return err
	}
	addr := b.addr()
	if g.target == "multicast" {
		addr = b.discover
	}
	p, err := connect(addr, g.get("setup"))
	if err != nil {
		return err
	}
	defer p.conn.Close()
	ws, err := checkHTTP(g, p.head)
	if !ws || err != nil {
		return err
	}
	wants, end, err := serverWants(g, b)
	if err != nil {
		return err
	}
	steps := g.get("send").list
	if err := p.play(context.Background(), steps); err != nil {
		return err
	}
	if len(steps) == 0 {
		// Half of these cases show actions of a server without a request.
		watch := min(g.get("setup").get("observe_idle_s").float(), 2)
		if err := p.silent(time.Duration(watch * float64(time.Second))); err != nil {
			return err
		}
	}
	if err := p.verify(wants, end); err != nil {
		return err
	}
	if g.fix {
		return nil // the events of the Python bot were a part of the defect
	}
	var errs []error
	for _, ev := range recorded(g.get("events").list, p.caller()) {
		errs = append(errs, b.wait(ev))
	}
	return errors.Join(errs...)
}

// checkHTTP checks the answer to the handshake. It returns true if the connection is a
// WebSocket now.
func checkHTTP(g golden, head *http.Response) (ws bool, err error) {
	if head == nil {
		return false, errors.New("the server ends TCP instead of answering the handshake")
	}
	want := http.StatusSwitchingProtocols
	if n := g.get("http").get("status"); n.exists() {
		want = n.int()
	}
	if g.fix && g.get("setup").get("handshake").get("headers").has("Origin") {
		want = http.StatusForbidden // for browsers
	}
	if g.fix && g.better == "" && head.StatusCode == http.StatusBadRequest {
		return false, nil // a server may refuse old versions of HTTP and WebSocket
	}
	if head.StatusCode != want {
		return false, fmt.Errorf("handshake: status = %s; want %d", head.Status, want)
	}
	if want != http.StatusSwitchingProtocols {
		return false, nil
	}
	for name, value := range map[string]string{
		"Upgrade": "websocket", "Connection": "upgrade", "Sec-Websocket-Accept": wsAccept,
		"Sec-Websocket-Extensions": "", "Sec-Websocket-Protocol": "",
	} {
		if got := head.Header.Get(name); !strings.EqualFold(got, value) {
			return false, fmt.Errorf("handshake: %s = %q; want %q", name, got, value)
		}
	}
	return true, nil
}

// serverWants returns the frames that the server must send, and the ending of the
// connection.
func serverWants(g golden, b *bot) (wants []want, end ending, err error) {
	closes, end := clientEnd(g.get("send").list)
	if g.fix {
		wants, err = fixedWants(g, b)
	} else {
		wants, err = recordedWants(g.get("expect").list, b.port())
		if n := len(wants); err == nil && !closes && g.get("close_optional").bool() && n > 0 {
			// The Python server ends the connection after one request.
			wants = wants[:n-1]
		}
		hideSecret(g, wants)
	}
	if closes && g.fix && (len(wants) == 0 || wants[len(wants)-1].op != opClose) {
		wants = append(wants, closing(1000))
	}
	if n := len(wants); n > 0 && wants[n-1].op == opClose && end == stillOpen {
		end = serverEnded
	}
	return wants, end, err
}

// clientEnd returns whether the client sends a Close, and the way in which it ends TCP.
func clientEnd(steps []node) (closes bool, end ending) {
	for _, s := range steps {
		for _, f := range append(s.get("join").list, s) {
			closes = closes || f.get("op").str == "close"
		}
		switch s.get("tcp").str {
		case "half":
			end = halfClosed
		case "rst":
			end = clientGone
		}
	}
	return closes, end
}

// fixedWants returns the frames that the server must send in a case in which the Python
// package is wrong: one answer to each request, in order, unless the client violates the
// WebSocket protocol.
func fixedWants(g golden, b *bot) ([]want, error) {
	if strings.Contains(g.better, "1002") {
		return []want{closing(1002)}, nil
	}
	o := oracle{secret: g.secret(), discovery: g.target == "multicast", port: b.port()}
	var wants []want
	for _, m := range messagesOf(g.get("send").list) {
		wants = append(wants, o.answer(m))
	}
	if len(wants) == 0 {
		return nil, fmt.Errorf("the test does not know how to do better: %q", g.better)
	}
	return wants, agrees(g.better, wants)
}

// hideSecret removes the secret from the envelopes that recorded routes return, because
// cogbus passes it to no handler.
func hideSecret(g golden, wants []want) {
	for i, m := range messagesOf(g.get("send").list) {
		n, err := parse(m.payload)
		if err != nil || n.get("endpoint").str != "echo_envelope" || i >= len(wants) {
			continue
		}
		wants[i].text = strings.ReplaceAll(wants[i].text, `{"Authorization": "s3cret"}`, "{}")
	}
}
