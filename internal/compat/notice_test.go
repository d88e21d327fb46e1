package compat

import (
	"context"
	"strings"
	"testing"
)

// TestServersNoticed checks the replay itself: it must notice the faults of a server.
func TestServersNoticed(t *testing.T) {
	tests := []struct {
		name, script string
		notice       string // a part of the error; "" if there must be none
	}{
		{"right", `[{"recv": 1}, {"op": "text", "text": "{\"b\":1,\"a\":[1.0]}"}]`, ""},
		{"another value", `[{"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.5]}"}]`, "value.a[0] = 1.5"},
		{"int for float", `[{"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1]}"}]`, "value.a[0] = 1"},
		{"binary", `[{"recv": 1}, {"op": "binary", "text": "{\"b\": 1, \"a\": [1.0]}"}]`, "frame = binary"},
		{"fragments", `[{"recv": 1}, {"op": "text", "fin": false, "text": "{\"b\": 1,"}, {"op": "cont", "text": " \"a\": [1.0]}"}]`, "fin false"},
		{"reserved bit", `[{"recv": 1}, {"op": "text", "rsv": 4, "text": "{\"b\": 1, \"a\": [1.0]}"}]`, "rsv 4"},
		{"two replies", `[{"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}, {"op": "text", "text": "2"}]`, `frame = text "2"`},
		{"a ping", `[{"recv": 1}, {"op": "ping"}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}]`, "frame = ping"},
		{"a greeting", `[{"op": "text", "text": "\"hello\""}, {"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}]`, "string"},
		{"close after the reply", `[{"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}, {"op": "close", "code": 1000}]`, "close 1000"},
		{"end after the reply", `[{"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}, {"tcp": "close"}]`, "EOF"},
		{"end without a reply", `[{"recv": 1}, {"tcp": "close"}]`, "EOF"},
		{"close without a reply", `[{"recv": 1}, {"op": "close", "code": 1011}]`, "close 1011"},
		{"another close code", `[{"opts": {"close_reply": false}}, {"recv": 1}, {"op": "text", "text": "{\"b\": 1, \"a\": [1.0]}"}, {"recv": 3}, {"op": "close", "code": 1001}]`, "close 1001"},
		{"an error object", `[{"recv": 1}, {"op": "text", "text": "{\"error\": \"IPC route raised error of type X\", \"code\": 500}"}]`, "= nothing"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			script, err := parse([]byte(tt.script))
			if err != nil {
				t.Fatal(err)
			}
			f, err := startFake("127.0.0.1:0", []node{script})
			if err != nil {
				t.Fatal(err)
			}
			p, err := connect(f.addr(), node{})
			if err != nil {
				t.Fatal(err)
			}
			request, _ := parse([]byte(`[{"op": "text", "text": "{}"}]`))
			err = p.play(context.Background(), request.list)
			if err == nil {
				err = p.verify([]want{reply(`{"a": [1.0], "b": 1}`)}, stillOpen)
			}
			p.conn.Close()
			_, _ = f.stop()
			checkNotice(t, err, tt.notice)
		})
	}
}

// TestClientsNoticed checks that the replay notices the faults of a client.
func TestClientsNoticed(t *testing.T) {
	const request = `{"endpoint": "plain", "data": {}}`
	text := frame{fin: true, masked: true, op: opText, payload: []byte(`{"data":{},"endpoint":"plain"}`)}
	end := closeFrame(1000)
	end.masked = true
	pong := frame{fin: true, masked: true, op: opPong, payload: []byte("p")}
	bare, big, other, half := text, closeFrame(1009), text, text
	bare.masked = false
	big.masked = true
	other.payload = []byte(`{"data":{},"endpoint":"other"}`)
	half.fin = false
	usual := forecast{request: true, close: 1000}
	pinged := forecast{request: true, close: 1000, pongs: []string{"p"}}
	tests := []struct {
		name   string
		frames []frame
		f      forecast
		notice string
	}{
		{"right", []frame{text, end}, usual, ""},
		{"right, with a pong", []frame{text, pong, end}, pinged, ""},
		{"lost, without a close", []frame{text}, forecast{request: true}, ""},
		{"no close", []frame{text}, usual, "want a Close 1000"},
		{"another close code", []frame{text, big}, usual, "want a Close 1000"},
		{"another request", []frame{other, end}, usual, "value.endpoint"},
		{"the request twice", []frame{text, text, end}, usual, "2 requests"},
		{"no request", []frame{end}, usual, "0 requests"},
		{"no mask", []frame{bare, end}, usual, "masked false"},
		{"a fragment", []frame{half, end}, usual, "fin false"},
		{"no pong", []frame{text, end}, pinged, "0 pongs"},
		{"a pong unasked", []frame{text, pong, end}, usual, "want pongs"},
		{"a ping", []frame{text, {fin: true, masked: true, op: opPing}, end}, usual, "want none such"},
	}
	for _, tt := range tests {
		checkNotice(t, checkFrames(tt.frames, request, tt.f), tt.notice)
	}
	for _, head := range [][]string{
		{"GET /x HTTP/1.1"},
		{"GET / HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: " + wsKey, "Origin: http://h"},
		{"GET / HTTP/1.1", "Host: h", "Upgrade: websocket", "Connection: upgrade", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: abc"},
	} {
		if checkHandshake(head) == nil {
			t.Errorf("checkHandshake(%q) = nil; want an error", head)
		}
	}
}

// TestOutcomesNoticed checks that the replay notices wrong outcomes of calls.
func TestOutcomesNoticed(t *testing.T) {
	if d := (outcome{value: "1.0"}).differ([]byte("1"), nil); d == "" {
		t.Error("outcome 1.0 takes 1; want a complaint")
	}
	if d := plain.differ(nil, context.Canceled); d == "" {
		t.Error("outcome plain takes an error; want a complaint")
	}
	if d := unavailable.differ([]byte(`"plain"`), nil); d == "" {
		t.Error("outcome unavailable takes a value; want a complaint")
	}
	if d := interrupted.differ(nil, context.Canceled); d == "" {
		t.Error("outcome interrupted takes an error that is not typed; want a complaint")
	}
	if d := recordedOutcome(node{kind: '{', vals: map[string]node{"exception": {kind: '"', str: "NewError"}}}).differ(nil, context.Canceled); d == "" {
		t.Error("an exception that the test does not know passes; want a complaint")
	}
}

func checkNotice(t *testing.T, err error, notice string) {
	t.Helper()
	switch {
	case notice == "" && err != nil:
		t.Errorf("the replay complains: %v; want nothing", err)
	case notice != "" && (err == nil || !strings.Contains(err.Error(), notice)):
		t.Errorf("the replay says %v; want %q", err, notice)
	}
}
