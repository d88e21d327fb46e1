package compat

import (
	"encoding/base64"
	"fmt"
	"strings"
)

// checkConns checks that the client made one connection for each request, and sent that
// request, a pong for each ping, and a Close.
func checkConns(what string, conns []*fakeConn, requests []string, scripts []node) error {
	if len(conns) != len(requests) {
		return fmt.Errorf("the client makes %d connections to the %s server; want %d", len(conns), what, len(requests))
	}
	for i, c := range conns {
		if err := checkHandshake(c.head); err != nil {
			return fmt.Errorf("%s connection %d: %w", what, i, err)
		}
		if err := checkFrames(c.frames, requests[i], foretell(scripts[min(i, len(scripts)-1)].list)); err != nil {
			return fmt.Errorf("%s connection %d: %w", what, i, err)
		}
	}
	return nil
}

func checkFrames(frames []frame, request string, f forecast) error {
	requests, pongs := 0, 0
	for i, fr := range frames {
		if !fr.fin || fr.rsv != 0 || !fr.masked {
			return fmt.Errorf("frame %v has fin %v, rsv %d, masked %v; want a masked one", fr, fr.fin, fr.rsv, fr.masked)
		}
		switch fr.op {
		case opText:
			requests++
			if diff := differText(fr.payload, request); diff != "" {
				return fmt.Errorf("request: %s", diff)
			}
		case opPong:
			if pongs == len(f.pongs) || string(fr.payload) != f.pongs[pongs] {
				return fmt.Errorf("frame %d = %v; want pongs %q", i, fr, f.pongs)
			}
			pongs++
		case opClose:
			if i != len(frames)-1 || f.close != 0 && fr.closeCode() != f.close {
				return fmt.Errorf("frame %d of %d = %v; want a Close %d at the end", i, len(frames), fr, f.close)
			}
		default:
			return fmt.Errorf("frame %d = %v; want none such", i, fr)
		}
	}
	switch {
	case requests > 1 || f.request && requests == 0:
		return fmt.Errorf("the client sends %d requests on a connection; want 1", requests)
	case pongs != len(f.pongs):
		return fmt.Errorf("the client sends %d pongs; want %d", pongs, len(f.pongs))
	case f.close != 0 && (len(frames) == 0 || frames[len(frames)-1].op != opClose):
		return fmt.Errorf("the client's frames are %v; want a Close %d at the end", frames, f.close)
	}
	return nil
}

// checkHandshake checks the client's handshake: it must ask for a WebSocket, and for no
// extension or subprotocol, which a Python server would not know.
func checkHandshake(head []string) error {
	if len(head) == 0 || head[0] != "GET / HTTP/1.1" {
		return fmt.Errorf("handshake %q; want GET / HTTP/1.1", head)
	}
	headers := map[string]string{}
	for _, line := range head[1:] {
		name, text, _ := strings.Cut(line, ":")
		headers[strings.ToLower(name)] = strings.TrimSpace(text)
	}
	for name, want := range map[string]string{"upgrade": "websocket", "connection": "upgrade", "sec-websocket-version": "13"} {
		if !strings.EqualFold(headers[name], want) {
			return fmt.Errorf("handshake has %s %q; want %q", name, headers[name], want)
		}
	}
	if key, err := base64.StdEncoding.DecodeString(headers["sec-websocket-key"]); err != nil || len(key) != 16 || headers["host"] == "" {
		return fmt.Errorf("handshake %q; want a key of 16 bytes and a Host", head)
	}
	for _, name := range []string{"origin", "sec-websocket-extensions", "sec-websocket-protocol", "authorization"} {
		if v, ok := headers[name]; ok {
			return fmt.Errorf("handshake has %s %q; want none", name, v)
		}
	}
	return nil
}
