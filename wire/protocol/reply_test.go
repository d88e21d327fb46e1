package protocol_test

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestReplyParse(t *testing.T) {
	failed := func(id uint64, code wire.Code, message string, retry time.Duration) protocol.Reply {
		return protocol.Reply{ID: id, Err: &wire.Error{Code: code, Message: message, RetryAfter: retry}}
	}
	for _, test := range []struct {
		text string
		want protocol.Reply
	}{
		{`{"id":7,"ok":{"n":1}}`, protocol.Reply{ID: 7, OK: []byte(`{"n":1}`)}},
		{` { "ok" : null , "id" : 7 } `, protocol.Reply{ID: 7, OK: []byte(`null`)}},
		{`{"id":7,"ok":[NaN]}`, protocol.Reply{ID: 7, OK: []byte(`[NaN]`)}},
		{`{"id":7,"ok":1,"more":2,"more":3}`, protocol.Reply{ID: 7, OK: []byte(`1`)}},
		{`{"id":7,"err":{"code":"not_found","message":"no \u0067uild","more":1}}`, failed(7, wire.NotFound, "no guild", 0)},
		{`{"id":7,"err":{"code":"own_code","retry_ms":1500}}`, failed(7, "own_code", "", 1500*time.Millisecond)},
		{`{"id":7,"err":{}}`, failed(7, wire.Internal, "", 0)},
		{`{"id":7,"err":{"Code":"x","code":"y","CODE":"z"}}`, failed(7, "y", "", 0)},
		{`{"id":7,"err":{"code":"overloaded","retry_ms":-5}}`, failed(7, wire.Overloaded, "", 0)},
		{
			`{"id":7,"err":{"code":"overloaded","retry_ms":9223372036854775807}}`,
			failed(7, wire.Overloaded, "", math.MaxInt64/time.Millisecond*time.Millisecond),
		},
		{`{"err":{"code":"bad_request"}}`, failed(0, wire.BadRequest, "", 0)},
		{`{"goaway":{"reason":"x"}}`, protocol.Reply{GoAway: []byte(`{"reason":"x"}`)}},
		{`{"challenge":{"v":1}}`, protocol.Reply{Hello: protocol.Challenge, Body: []byte(`{"v":1}`)}},
		{`{"welcome":{"v":1}}`, protocol.Reply{Hello: protocol.Welcome, Body: []byte(`{"v":1}`)}},
		{`{"id":7,"item":1}`, protocol.Reply{ID: 7}},
		{`{"event":{}}`, protocol.Reply{}},
	} {
		var got protocol.Reply
		if err := got.Parse([]byte(test.text)); err != nil {
			t.Errorf("Parse(%s) = %v; want no error", test.text, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Parse(%s) differs (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestReplyParseFails(t *testing.T) {
	for _, test := range []struct{ text, says string }{
		{``, "not valid JSON"},
		{`{"id":7,"ok":1`, "not valid JSON"},
		{`{"id":7,"ok":` + nest(1001) + `}`, "nested too deep"},
		{`7`, "not a JSON object"},
		{`{"id":"7","ok":1}`, `a reply's "id" is "7"`},
		{`{"id":0,"ok":1}`, `a reply's "id" is 0`},
		{`{"id":7,"id":7,"ok":1}`, `"id" stands twice`},
		{`{"id":7,"ok":1,"ok":2}`, "more than one verb"},
		{`{"id":7,"ok":1,"err":{"code":"x"}}`, "more than one verb"},
		{`{"challenge":{},"welcome":{}}`, "more than one verb"},
		{`{"goaway":{},"goaway":{}}`, "more than one verb"},
		{`{"id":7,"err":null}`, `a reply's "err" is null`},
		{`{"id":7,"err":"x"}`, `a reply's "err" is "x"`},
		{`{"id":7,"err":{"code":5}}`, `a reply's "err" is {"code":5}`},
		{`{"id":7,"err":{"code":"x","retry_ms":1.5}}`, `a reply's "err" is`},
	} {
		var r protocol.Reply
		err := r.Parse([]byte(test.text))
		if wire.CodeOf(err) != wire.BadRequest || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("Parse(%.60q) = %v; want bad_request: ... %s", test.text, err, test.says)
		}
	}
}

func TestReplyErrorIsACopy(t *testing.T) {
	text := []byte(`{"id":7,"err":{"code":"not_found","message":"no such guild here"}}`)
	var r protocol.Reply
	if err := r.Parse(text); err != nil {
		t.Fatal(err)
	}
	clear(text)
	if got, want := r.Err.Error(), "not_found: no such guild here"; got != want {
		t.Errorf("after the text's buffer was reused: %q; want %q", got, want)
	}
}

func TestAppendError(t *testing.T) {
	const internal = `{"code":"internal","message":"the handler failed; the bot's log tells why"}`
	for _, test := range []struct {
		id   uint64
		err  error
		want string
	}{
		{7, wire.Errorf(wire.NotFound, "no <guild> \"é\""), `{"id":7,"err":{"code":"not_found","message":"no <guild> \"é\""}}`},
		{0, wire.Errorf(wire.BadRequest, "x"), `{"err":{"code":"bad_request","message":"x"}}`},
		{7, fmt.Errorf("y: %w", &wire.Error{Code: "own"}), `{"id":7,"err":{"code":"own"}}`},
		{7, &wire.Error{}, `{"id":7,"err":{"code":"internal"}}`},
		{7, &wire.Error{Code: wire.Overloaded, RetryAfter: 1}, `{"id":7,"err":{"code":"overloaded","retry_ms":1}}`},
		{7, &wire.Error{Code: wire.Overloaded, RetryAfter: 1500001 * time.Microsecond}, `{"id":7,"err":{"code":"overloaded","retry_ms":1501}}`},
		{7, &wire.Error{Code: wire.Overloaded, RetryAfter: -1}, `{"id":7,"err":{"code":"overloaded"}}`},
		{7, errors.New("a secret"), `{"id":7,"err":` + internal + `}`},
		{7, Panic{"a secret"}, `{"id":7,"err":` + internal + `}`},
		{7, nil, `{"id":7,"err":` + internal + `}`},
		{7, codec.NotSerialisable{Err: errors.New("x")}, `{"id":7,"err":{"code":"internal","message":"the handler returned a value that JSON cannot hold"}}`},
	} {
		if got := protocol.AppendError(nil, test.id, test.err); string(got) != test.want {
			t.Errorf("AppendError(%d, %v) = %s; want %s", test.id, test.err, got, test.want)
		}
	}
	if got, want := string(protocol.AppendGoAway(nil, "the bot\nstops")), `{"goaway":{"reason":"the bot\nstops"}}`; got != want {
		t.Errorf("AppendGoAway = %s; want %s", got, want)
	}
}

func FuzzReply(f *testing.F) {
	for _, text := range []string{
		`{"id":7,"ok":{"n":[1,NaN]}}`, `{"id":7,"err":{"code":"not_found","message":"\ud800x","retry_ms":1500}}`, `{"err":{"code":"bad_request"}}`,
		`{"goaway":{"reason":"x"}}`, `{"challenge":{"v":1}}`, `{"welcome":{}}`, `{"id":7,"item":1}`, `{"id":1,"ok":1,"err":{}}`, `{"id":1,"err":null}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r protocol.Reply
		if err := r.Parse(text); err != nil {
			if wire.CodeOf(err) != wire.BadRequest {
				t.Errorf("Parse(%q) = %v; want bad_request", text, err)
			}
			return
		}
		agree(t, text, true)
		var again []byte
		switch {
		case r.Err != nil:
			again = protocol.AppendError(nil, r.ID, r.Err)
		case r.OK != nil && r.ID != 0:
			again = protocol.AppendResultTail(append(protocol.AppendResultHead(nil, r.ID), r.OK...))
		default:
			return
		}
		var got protocol.Reply
		if err := got.Parse(again); err != nil {
			t.Fatalf("Parse(%q) = %v; want no error", again, err)
		}
		if diff := cmp.Diff(r, got); diff != "" {
			t.Errorf("Parse(%q) differs from what was written (-want +got):\n%s", again, diff)
		}
	})
}
