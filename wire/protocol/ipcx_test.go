package protocol_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func TestEnvelopeParse(t *testing.T) {
	for _, test := range []struct{ text, endpoint, data string }{
		{`{"endpoint": "members.count", "data": {"id": 1}, "headers": {"Authorization": "s"}}`, "members.count", `{"id": 1}`},
		{` {"headers":{"Authorization":"s"},"data":{ } ,"endpoint":"é😀"} `, "é😀", `{ }`},
		{`{"endpoint":"a","data":{"x":[NaN,-Infinity]}}`, "a", `{"x":[NaN,-Infinity]}`},
		{`{"\u0065ndpoint":"a","dat\u0061":{}}`, "a", `{}`},
		{`{"endpoint":"\u0061\n\"\/\ud83d\ude00"}`, "a\n\"/😀", ``},
		{`{"endpoint":"\ufffd"}`, "\ufffd", ``},
		{`{"endpoint":"\ud800"}`, "\xed\xa0\x80", ``},                   // not "\ufffd"
		{`{"endpoint":"\udc00\ud83d"}`, "\xed\xb0\x80\xed\xa0\xbd", ``}, // not a pair
		{`{"endpoint":"a","data":null}`, "a", ``},
		{`{"endpoint":"a","data":[]}`, "a", ``},
		{`{"endpoint":null,"data":{}}`, "", `{}`},
		{`{"endpoint":5}`, "", ``},
		{`{"endpoint":["a"]}`, "", ``},
		{`{"endpoint":{"a":1}}`, "", ``},
		{`{"endpoint":NaN}`, "", ``},
		{`{"Endpoint":"a","DATA":{}}`, "", ``},
		{`{"endpoint":"a","more":[{"endpoint":"b"}],"id":7}`, "a", ``},
		{`{"more":1,"more":2}`, "", ``},
		{`{}`, "", ``},
	} {
		var e protocol.Envelope
		if err := e.Parse([]byte(test.text)); err != nil {
			t.Errorf("Parse(%s) = %v; want no error", test.text, err)
		}
		if string(e.Endpoint) != test.endpoint || string(e.Data) != test.data {
			t.Errorf("Parse(%s): endpoint %q, data %q; want %q, %q", test.text, e.Endpoint, e.Data, test.endpoint, test.data)
		}
	}
}

func TestEnvelopeParseFails(t *testing.T) {
	deep := func(n int) string { return `{"endpoint":"a","data":{"x":` + nest(n) + `},"headers":{}}` }
	for _, test := range []struct{ text, says string }{
		{``, "not valid JSON"},
		{`{`, "not valid JSON"},
		{`{"endpoint"}`, "not valid JSON"},
		{`{"endpoint":"a"} x`, "not valid JSON"},
		{`{"endpoint":"a"}{}`, "not valid JSON"},
		{"{\"endpoint\":\"a\nb\"}", "not valid JSON"},
		{`{"headers":{"Authorization":"s",}}`, "not valid JSON"},
		{"\ufeff{}", "not valid JSON"},
		{"{\x00}", "not valid JSON"},
		{"{\"endpoint\":\"\xff\"}", "not valid UTF-8"},
		{"{\x00\"\x00a\x00", "not valid JSON"}, // UTF-16
		{`[]`, "not a JSON object"},
		{`"endpoint"`, "not a JSON object"},
		{`null`, "not a JSON object"},
		{`NaN`, "not a JSON object"},
		{deep(1000), "nested too deep"},
		{`{"endpoint":"a","endpoint":"a"}`, `"endpoint" stands twice`},
		{`{"endpoint":"a","endpoin\u0074":"b"}`, `"endpoint" stands twice`},
		{`{"data":{},"data":null}`, `"data" stands twice`},
		{`{"headers":null,"headers":{}}`, `"headers" stands twice`},
		{`{"headers":{"Authorization":"s","Authorization":"s"}}`, `"Authorization" stands twice`},
		{`{"headers":{"Authorization":"s","\u0041uthorization":"x"}}`, `"Authorization" stands twice`},
	} {
		var e protocol.Envelope
		err := e.Parse([]byte(test.text))
		if wire.CodeOf(err) != wire.BadRequest || !strings.Contains(fmt.Sprint(err), test.says) {
			t.Errorf("Parse(%.60q) = %v; want bad_request: ... %s", test.text, err, test.says)
		}
	}
	var e protocol.Envelope
	if err := e.Parse([]byte(deep(999))); err != nil {
		t.Errorf("Parse of data with 1000 levels = %v; want no error", err)
	}
}

func TestEnvelopeAuthorized(t *testing.T) {
	none, empty := []string{}, []string{""}
	one, two := []string{"s"}, []string{"old", "s"}
	for _, test := range []struct {
		headers string
		secrets []string
		want    bool
	}{
		{`{"Authorization":"s"}`, one, true},
		{`{"Authorization":"s"}`, two, true},
		{`{"Authorization":"old"}`, two, true},
		{`{"X":1,"Authorization":"\u0073","Y":{"Authorization":"x"}}`, one, true},
		{`{"\u0041uthorization":"s"}`, one, true},
		{`{"Authorization":"S"}`, one, false},
		{`{"Authorization":"s "}`, one, false},
		{`{"Authorization":""}`, one, false},
		{`{"Authorization":"olds"}`, two, false},
		{`{"Authorization":"\ud800"}`, []string{"\ufffd"}, false},
		{`{"Authorization":"e\u0301"}`, []string{"\u00e9"}, false},
		{`{"authorization":"s"}`, one, false},
		{`{"X":{"Authorization":"s"}}`, one, false},
		{`{"Authorization":null}`, one, false},
		{`{"Authorization":["s"]}`, one, false},
		{`{"Authorization":{"s":"s"}}`, one, false},
		{`{"Authorization":1}`, []string{"1"}, false},
		{`{"Authorization":true}`, []string{"true"}, false},
		{`{}`, one, false},
		{`null`, one, false},
		{`[]`, one, false},
		{`["Authorization","s"]`, one, false},
		{`"s"`, one, false},
		{`"{\"Authorization\":\"s\"}"`, one, false},
		{`0`, one, false},
		{``, one, false},

		{`{"Authorization":""}`, empty, true},
		{`{"Authorization":null}`, empty, false},
		{`{"X":1}`, empty, false},
		{`{}`, empty, false},
		{``, empty, false},

		{`{"Authorization":null}`, none, true},
		{`{"X":1}`, none, true},
		{`{"authorization":"s"}`, none, true},
		{`{"Authorization":"s"}`, none, false},
		{`{"Authorization":""}`, none, false},
		{`{"Authorization":false}`, none, false},
		{`{}`, none, false},
		{`null`, none, false},
		{`[1]`, none, false},
		{`"x"`, none, false},
		{``, none, false},
	} {
		text := `{"endpoint":"a","headers":` + test.headers + `}`
		if test.headers == "" {
			text = `{"endpoint":"a"}`
		}
		var e protocol.Envelope
		if err := e.Parse([]byte(text)); err != nil {
			t.Errorf("Parse(%s) = %v; want no error", text, err)
		}
		if got := e.Authorized(test.secrets...); got != test.want {
			t.Errorf("headers %s: Authorized(%q) = %v; want %v", test.headers, test.secrets, got, test.want)
		}
	}
}

func TestEnvelopeCheck(t *testing.T) {
	for _, test := range []struct {
		text string
		want wire.Code
	}{
		{`{"endpoint":"a","data":{}}`, ""},
		{`{"endpoint":"a","data":null}`, ""},
		{`{"endpoint":"a"}`, ""},
		{`{"endpoint":"a","data":[]}`, wire.BadRequest},
		{`{"endpoint":"a","data":"{}"}`, wire.BadRequest},
		{`{"endpoint":"a","data":0}`, wire.BadRequest},
		{`{"endpoint":"a","data":false}`, wire.BadRequest},
		{`{"endpoint":"a","data":NaN}`, wire.BadRequest},
		{`{"data":[]}`, wire.NoRoute}, // the endpoint comes first
		{`{"endpoint":"","data":{}}`, wire.NoRoute},
		{`{"endpoint":["a"]}`, wire.NoRoute},
		{`{}`, wire.NoRoute},
	} {
		var e protocol.Envelope
		if err := e.Parse([]byte(test.text)); err != nil {
			t.Errorf("Parse(%s) = %v; want no error", test.text, err)
		}
		if err := e.Check(); wire.CodeOf(err) != test.want {
			t.Errorf("Check of %s = %v; want code %q", test.text, err, test.want)
		}
	}
}

func TestEnvelopeForgetsTheLastOne(t *testing.T) {
	var e protocol.Envelope
	_ = e.Parse([]byte(`{"endpoint":"a","data":[],"headers":{"Authorization":"s"}}`))
	if err := e.Parse([]byte(`{"endpoint":"b"}`)); err != nil || e.Check() != nil || e.Authorized("s") {
		t.Errorf("the second Parse = %v, %v, authorized %v; want nothing of the first", err, e.Check(), e.Authorized("s"))
	}
	if err := e.Parse([]byte(`{"endpoint":"b","endpoint":"c"}`)); err == nil || e.Authorized() || e.Authorized("") {
		t.Errorf("after an error (%v) an envelope is authorized; want it not to be", err)
	}
}

func TestAppendEnvelope(t *testing.T) {
	secret := "s\"é"
	for _, test := range []struct {
		data   []byte
		secret *string
		want   string
	}{
		{[]byte(`{"id": NaN}`), &secret, `{"endpoint": "a.b", "data": {"id": NaN}, "headers": {"Authorization": "s\"é"}}`},
		{nil, nil, `{"endpoint": "a.b", "data": {}, "headers": {"Authorization": null}}`},
		{[]byte(`null`), new(string), `{"endpoint": "a.b", "data": {}, "headers": {"Authorization": ""}}`},
	} {
		if got := protocol.AppendEnvelope(nil, "a.b", test.data, test.secret); string(got) != test.want {
			t.Errorf("AppendEnvelope(%s, %v) = %s; want %s", test.data, test.secret, got, test.want)
		}
	}
	if got, want := string(protocol.AppendLookup(nil, &secret)), `{"connect": true, "headers": {"Authorization": "s\"é"}}`; got != want {
		t.Errorf("AppendLookup(%q) = %s; want %s", secret, got, want)
	}
	var e protocol.Envelope
	if err := e.Parse(protocol.AppendLookup(nil, nil)); err != nil || !e.Authorized() {
		t.Errorf("Parse(AppendLookup(nil)) = %v, authorized %v; want true", err, e.Authorized())
	}
}

func FuzzEnvelope(f *testing.F) {
	for _, text := range []string{
		`{"endpoint": "members.count", "data": {"id": 1}, "headers": {"Authorization": "s"}}`,
		`{"endpoint":"\u0061\ud83d\ude00\ud800","data":null,"headers":{"X":1}}`,
		`{"endpoint":"a","data":{"x":[NaN,-Infinity,1e5]},"headers":null}`,
		`{"connect": true, "headers": {"Authorization": null}}`,
		`{"endpoint":"a","endpoint":"b"}`, `[]`, `{"headers":[]}`, `{"headers":{"\u0041uthorization":"\ud800"}}`, `{} x`, "{\"\xff\":1}",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		var e protocol.Envelope
		if err := e.Parse(text); err != nil {
			if wire.CodeOf(err) != wire.BadRequest {
				t.Errorf("Parse(%q) = %v; want bad_request", text, err)
			}
			return
		}
		agree(t, text, true)
		if e.Authorized() && e.Authorized("", "s") {
			t.Errorf("%q is authorized with a secret and without one", text)
		}
		endpoint := strings.ToValidUTF8(string(e.Endpoint), "\ufffd")
		secret := "s"
		again := protocol.AppendEnvelope(nil, endpoint, e.Data, &secret)
		var got protocol.Envelope
		if err := got.Parse(again); err != nil {
			t.Fatalf("Parse(%q) = %v; want no error", again, err)
		}
		data := string(e.Data)
		if data == "" {
			data = "{}"
		}
		if string(got.Endpoint) != endpoint || string(got.Data) != data || !got.Authorized("s") {
			t.Errorf("Parse(%q): %q, %q; want %q, %q", again, got.Endpoint, got.Data, endpoint, data)
		}
	})
}
