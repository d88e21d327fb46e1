package protocol_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestRequestParse(t *testing.T) {
	call := func(id uint64, endpoint, data string, timeout time.Duration) protocol.Request {
		r := protocol.Request{Verb: protocol.VerbCall, ID: id, Endpoint: []byte(endpoint), Timeout: timeout}
		if data != "" {
			r.Data = []byte(data)
		}
		return r
	}
	const ms = time.Millisecond
	for _, test := range []struct {
		text string
		want protocol.Request
	}{
		{`{"id":7,"call":"members.count","data":{"id":"1"},"ms":1500}`, call(7, "members.count", `{"id":"1"}`, 1500*ms)},
		{` { "ms" : 1500 , "data" : [ 1 ] , "call" : "a" , "id" : 7 } `, call(7, "a", `[ 1 ]`, 1500*ms)},
		{`{"id":9007199254740992,"call":"a"}`, call(1<<53, "a", "", 0)},
		{`{"id":1,"call":"\u0061\ud83d\ude00\n"}`, call(1, "a😀\n", "", 0)},
		{`{"id":1,"call":""}`, call(1, "", "", 0)},
		{`{"id":1,"call":"a","data":null}`, call(1, "a", "null", 0)},
		{`{"id":1,"call":"a","data":NaN}`, call(1, "a", "NaN", 0)},
		{`{"id":1,"call":"a","more":{"call":"b"},"more":[2]}`, call(1, "a", "", 0)},
		{`{"id":1,"call":"a","c\u0061ll":"b"}`, call(1, "a", "", 0)}, // an escaped key is an unknown one
		{`{"id":1,"call":"a","ms":0.5}`, call(1, "a", "", ms/2)},
		{`{"id":1,"call":"a","ms":1e3}`, call(1, "a", "", time.Second)},
		{`{"id":1,"call":"a","ms":1e-9}`, call(1, "a", "", 1)},
		{`{"id":1,"call":"a","ms":1e30}`, call(1, "a", "", 0)},
		{`{"id":1,"call":"a","ms":1e999}`, call(1, "a", "", 0)},
		{`{"id":1,"call":"a","ms":Infinity}`, call(1, "a", "", 0)},

		{`{"id":7,"cancel":true}`, protocol.Request{Verb: protocol.VerbCancel, ID: 7}},
		{`{"hello":{"v":[1]}}`, protocol.Request{Verb: protocol.VerbHello, Body: []byte(`{"v":[1]}`)}},
		{`{"proof":"x"}`, protocol.Request{Verb: protocol.VerbProof, Body: []byte(`"x"`)}},
		{`{"id":7,"subscribe":"x"}`, protocol.Request{ID: 7}},
		{`{"id":7,"Call":"x"}`, protocol.Request{ID: 7}},
		{`{}`, protocol.Request{}},
	} {
		var got protocol.Request
		if err := got.Parse([]byte(test.text)); err != nil {
			t.Errorf("Parse(%s) = %v; want no error", test.text, err)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("Parse(%s) differs (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestRequestParseFails(t *testing.T) {
	const id = `"id" must be a whole number`
	const twice = "more than one verb"
	for _, test := range []struct {
		text string
		id   uint64 // the id that is read in spite of the error
		says string
	}{
		{``, 0, "not valid JSON"},
		{`[]`, 0, "not a JSON object"},
		{`{"id":7,"call":"a"} x`, 7, "not valid JSON"},
		{`{"id":7,"call":"a"`, 7, "not valid JSON"},
		{`{"id":7,"call":`, 7, "not valid JSON"},
		{`{"id":7,"call":"a","data":` + nest(1001) + `}`, 7, "nested too deep"},
		{"{\"id\":7,\"call\":\"\xff\"}", 0, "not valid UTF-8"},
		{`{"call":"a"}`, 0, `"call" needs an "id"`},
		{`{"cancel":true}`, 0, `"cancel" needs an "id"`},
		{`{"id":0,"call":"a"}`, 0, id},
		{`{"id":-1,"call":"a"}`, 0, id},
		{`{"id":1.0,"call":"a"}`, 0, id},
		{`{"id":1e3,"call":"a"}`, 0, id},
		{`{"id":"1","call":"a"}`, 0, id},
		{`{"id":null,"call":"a"}`, 0, id},
		{`{"id":9007199254740993,"call":"a"}`, 0, id},
		{`{"id":99999999999999999999999999,"call":"a"}`, 0, id},
		{`{"id":"x","subscribe":"a"}`, 0, id},
		{`{"id":7,"call":null}`, 7, `"call" must be a string`},
		{`{"id":7,"call":["a"]}`, 7, `"call" must be a string`},
		{`{"id":7,"call":"a","ms":0}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":-5}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":-1e999}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":NaN}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":"5"}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":null}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"call":"a","ms":[5]}`, 7, `"ms" must be a positive number`},
		{`{"id":7,"id":8,"call":"a"}`, 7, `"id" stands twice`},
		{`{"data":1,"data":2,"call":"a","id":7}`, 7, `"data" stands twice`},
		{`{"ms":1,"ms":2,"call":"a","id":7}`, 7, `"ms" stands twice`},
		{`{"call":"a","call":"a","id":7}`, 7, twice},
		{`{"id":7,"call":"a","cancel":true}`, 7, twice},
		{`{"cancel":true,"call":"a","id":7}`, 7, twice},
		{`{"hello":{},"proof":""}`, 0, twice},
		{`{"hello":{},"hello":{}}`, 0, twice},
	} {
		var r protocol.Request
		err := r.Parse([]byte(test.text))
		if wire.CodeOf(err) != wire.BadRequest || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("Parse(%.60q) = %v; want bad_request: ... %s", test.text, err, test.says)
		}
		if r.ID != test.id {
			t.Errorf("Parse(%.60q): id %d; want %d", test.text, r.ID, test.id)
		}
	}
}

func TestAppendCall(t *testing.T) {
	for _, test := range []struct {
		data    string
		timeout time.Duration
		want    string
	}{
		{`{"id":1}`, 1500 * time.Millisecond, `{"id":7,"call":"a\"é","data":{"id":1},"ms":1500}`},
		{``, 0, `{"id":7,"call":"a\"é"}`},
		{``, 1, `{"id":7,"call":"a\"é","ms":1}`},
		{``, time.Second + 1, `{"id":7,"call":"a\"é","ms":1001}`},
		{``, -time.Hour, `{"id":7,"call":"a\"é","ms":1}`},
		{``, 1<<63 - 1, `{"id":7,"call":"a\"é","ms":9223372036855}`},
	} {
		var data []byte
		if test.data != "" {
			data = []byte(test.data)
		}
		if got := protocol.AppendCall(nil, 7, "a\"é", data, test.timeout); string(got) != test.want {
			t.Errorf("AppendCall(%s, %s) = %s; want %s", test.data, test.timeout, got, test.want)
		}
	}
	if got, want := string(protocol.AppendCancel(nil, protocol.MaxID)), `{"id":9007199254740992,"cancel":true}`; got != want {
		t.Errorf("AppendCancel(MaxID) = %s; want %s", got, want)
	}
}

func FuzzRequest(f *testing.F) {
	for _, text := range []string{
		`{"id":7,"call":"members.count","data":{"id":"1"},"ms":1500}`, `{"id":7,"cancel":true}`, `{"id":7,"call":"\u0061\ud800","ms":0.25}`,
		`{"hello":{"v":[1],"nonce":""}}`, `{"proof":"x"}`, `{"id":9007199254740992,"call":"a","data":[NaN]}`,
		`{"call":"a","call":"b","id":1}`, `{"id":1,"call":"a","ms":1e999}`, `{"x":1}`, `{"id":0}`, `[]`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var r protocol.Request
		if err := r.Parse(text); err != nil {
			if wire.CodeOf(err) != wire.BadRequest || r.ID > protocol.MaxID {
				t.Errorf("Parse(%q) = %v, id %d; want bad_request, an id or 0", text, err, r.ID)
			}
			return
		}
		agree(t, text, true)
		if (r.Verb == protocol.VerbCall || r.Verb == protocol.VerbCancel) && r.ID == 0 || r.ID > protocol.MaxID || r.Timeout < 0 {
			t.Errorf("Parse(%q): id %d, timeout %s", text, r.ID, r.Timeout)
		}
		var again []byte
		want := r
		switch r.Verb {
		case protocol.VerbCall:
			want.Endpoint = []byte(strings.ToValidUTF8(string(r.Endpoint), "\ufffd"))
			again = protocol.AppendCall(nil, r.ID, string(want.Endpoint), r.Data, r.Timeout)
		case protocol.VerbCancel:
			again = protocol.AppendCancel(nil, r.ID)
		default:
			return
		}
		var got protocol.Request
		if err := got.Parse(again); err != nil {
			t.Fatalf("Parse(%q) = %v; want no error", again, err)
		}
		if d := got.Timeout - want.Timeout; d < 0 || d > time.Millisecond { // it is sent in whole milliseconds
			t.Errorf("Parse(%q): timeout %s; want %s", again, got.Timeout, want.Timeout)
		}
		got.Timeout = want.Timeout
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("Parse(%q) differs from what was written (-want +got):\n%s", again, diff)
		}
	})
}
