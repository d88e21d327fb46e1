package protocol_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

func nest(depth int) string { return strings.Repeat("[", depth) + strings.Repeat("]", depth) }

func nestObjects(depth int) string {
	return strings.Repeat(`{"a":`, depth-1) + "{}" + strings.Repeat("}", depth-1)
}

func TestParseValueSyntax(t *testing.T) {
	for _, test := range []struct {
		name, text string
		ok         bool
	}{
		{"null", `null`, true},
		{"words", `[true,false,null]`, true},
		{"half a word", `nul`, false},
		{"too much of a word", `nulll`, false},
		{"words in other letters", `True`, false},
		{"Python's words", `[NaN,Infinity,-Infinity,{"a":NaN}]`, true},
		{"NaN has no sign", `-NaN`, false},
		{"Infinity has no plus", `+Infinity`, false},
		{"half Infinity", `-Inf`, false},
		{"nan in small letters", `nan`, false},

		{"integers", `[0,-0,7,-12,18446744073709551616]`, true},
		{"fractions", `[0.5,-1.25,10.0]`, true},
		{"exponents", `[1e2,1E2,1e+2,1e-2,0e0,1.5E-10,1e999]`, true},
		{"5000 digits", strings.Repeat("9", 5000), true},
		{"leading zero", `01`, false},
		{"leading zero behind a sign", `-01`, false},
		{"plus", `+1`, false},
		{"only a sign", `-`, false},
		{"two signs", `--1`, false},
		{"nothing before the dot", `.5`, false},
		{"nothing behind the dot", `1.`, false},
		{"dot and exponent", `1.e5`, false},
		{"no exponent", `1e`, false},
		{"only the exponent's sign", `1e+`, false},
		{"hexadecimal", `0x10`, false},
		{"underscore", `1_000`, false},
		{"a zero byte behind", "1\x00", false},

		{"strings", `["","a","12345678","123456789abcdef0","é😀\u2028"]`, true},
		{"escapes", `"\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00"`, true},
		{"lone surrogates", `["\ud800","\udc00","\ud800\ud800x"]`, true},
		{"unknown escape", `"\a"`, false},
		{"single quotes", `'a'`, false},
		{"half an escape", `"\u00e"`, false},
		{"half an escape at the end", `"\u00e`, false},
		{"backslash at the end", `"\`, false},
		{"escaped quote at the end", `"1234567\"`, false},
		{"escape of other letters", `"\u00eg"`, false},
		{"escape in capitals", `"\U00e9"`, false},
		{"open string", `"abc`, false},
		{"open long string", `"abcdefghijklmnop`, false},
		{"control character", "\"a\nb\"", false},
		{"control character in a long string", "\"abcdefghijkl\x1fmnopqrstuvw\"", false},
		{"zero byte in a string", "\"a\x00b\"", false},
		{"DEL is none", "\"a\x7fb\"", true},

		{"arrays", ` [ [ ] , [ 1 ] , [ 1 , 2 ] ] `, true},
		{"comma at an array's end", `[1,]`, false},
		{"comma at an array's start", `[,1]`, false},
		{"no comma", `[1 2]`, false},
		{"open array", `[1`, false},
		{"closed by the wrong bracket", `[1}`, false},
		{"nested in the wrong order", `[{"a":1]}`, false},
		{"objects", ` { } `, true},
		{"members", ` { "a" : { "b" : [ { } ] } , "" : 1 } `, true},
		{"members of the same name", `{"a":1,"a":2}`, true},
		{"comma at an object's end", `{"a":1,}`, false},
		{"comma at an object's start", `{,"a":1}`, false},
		{"no value", `{"a":}`, false},
		{"no colon", `{"a" 1}`, false},
		{"two colons", `{"a"::1}`, false},
		{"key without quotes", `{a:1}`, false},
		{"number as a key", `{1:1}`, false},
		{"no colon in a nested object", `[{"a"}]`, false},
		{"open object", `{"a":1`, false},
		{"open object behind a comma", `[{"a":1,`, false},

		{"nothing", ``, false},
		{"only space", " \t\r\n", false},
		{"space of other kinds", "\v1", false},
		{"no-break space", "\u00a01", false},
		{"byte order mark", "\ufeff1", false},
		{"text behind", `{} x`, false},
		{"two values", `1 2`, false},
		{"a bracket behind", `[]]`, false},
		{"a comment", `1 // one`, false},
		{"bad UTF-8 in a string", "\"\xff\"", false},
		{"bad UTF-8 in a long string", "\"abcdefghijklmnop\xc3\"", false},
		{"surrogate bytes in a string", "\"\xed\xa0\x80\"", false},
		{"bad UTF-8 behind", "1 \xff", false},

		{"999 levels", nest(999), true},
		{"1000 levels", nest(1000), true},
		{"1001 levels", nest(1001), false},
		{"1000 objects", nestObjects(1000), true},
		{"1001 objects", nestObjects(1001), false},
		{"1000 levels twice", "[" + nest(999) + "," + nest(999) + "]", true},
		{"a bomb of arrays", strings.Repeat("[", 4<<20), false},
		{"a bomb of objects", strings.Repeat(`{"":`, 1<<20), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := protocol.ParseValue([]byte(test.text))
			if test.ok != (err == nil) {
				t.Fatalf("ParseValue(%.60q) = %.60q, %v; want success: %v", test.text, got, err, test.ok)
			}
			if err != nil && wire.CodeOf(err) != wire.Internal {
				t.Errorf("CodeOf(ParseValue(%.60q)) = %q; want %q", test.text, wire.CodeOf(err), wire.Internal)
			}
			if want := strings.Trim(test.text, " \t\r\n"); err == nil && string(got) != want {
				t.Errorf("ParseValue(%.60q) = %.60q; want %.60q", test.text, got, want)
			}
		})
	}
}

func TestParseValueErrorObject(t *testing.T) {
	for _, test := range []struct {
		text string
		code wire.Code // empty: a value
		says string
	}{
		{`{"error": "Invalid or no token provided.", "code": 403}`, wire.Unauthorized, "Invalid or no token provided."},
		{`{"code":403,"error":"Invalid or no token provided."}`, wire.Unauthorized, "Invalid or no token provided."},
		{`{"error": "only for the owner", "code": 403}`, wire.Forbidden, "only for the owner"},
		{`{"error": "Invalid or no endpoint given.", "code": 400}`, wire.NoRoute, "Invalid or no endpoint given."},
		{`{"error": "no such guild", "code": 400}`, wire.BadRequest, "no such guild"},
		{`{"error": "IPC route raised error of type KeyError", "code": 500}`, wire.Internal, "IPC route raised error of type KeyError"},
		{`{"error": "a\u00e9", "code": 404}`, wire.NotFound, "aé"},
		{`{"\u0065rror": "x", "code": 408}`, wire.Timeout, "x"},
		{`{"error": "", "code": 429}`, wire.Overloaded, ""},
		{`{"error": "x", "code": 413}`, wire.TooLarge, "x"},
		{`{"error": "x", "code": 499}`, wire.Canceled, "x"},
		{`{"error": "x", "code": 502}`, wire.Interrupted, "x"},
		{`{"error": "x", "code": 503}`, wire.Unavailable, "x"},
		{`{"error": "x", "code": 777}`, wire.Internal, "x"},
		{`{"error": "x", "code": -1}`, wire.Internal, "x"},

		{`{"error": "x"}`, "", ""},
		{`{"code": 500}`, "", ""},
		{`{"error": "x", "code": 500, "more": 1}`, "", ""},
		{`{"error": "x", "code": "500"}`, "", ""},
		{`{"error": "x", "code": 500.5}`, "", ""},
		{`{"error": "x", "code": 0}`, "", ""},
		{`{"error": "x", "code": null}`, "", ""},
		{`{"error": null, "code": 500}`, "", ""},
		{`{"error": "x", "error": "y"}`, "", ""},
		{`{"Error": "x", "code": 500}`, "", ""},
		{`[{"error": "x", "code": 500}]`, "", ""},
		{`{"message": "Connection success", "port": 1, "code": 200}`, "", ""},
	} {
		got, err := protocol.ParseValue([]byte(test.text))
		if test.code == "" {
			if err != nil || string(got) != test.text {
				t.Errorf("ParseValue(%s) = %s, %v; want the value itself", test.text, got, err)
			}
			continue
		}
		object, ok := errors.AsType[*protocol.ErrorObject](err)
		if !ok || string(object.Text) != test.text {
			t.Errorf("ParseValue(%s) = %s, %v; want an ErrorObject of this text", test.text, got, err)
			continue
		}
		e, _ := errors.AsType[*wire.Error](err)
		if diff := cmp.Diff(&wire.Error{Code: test.code, Message: test.says}, e); diff != "" {
			t.Errorf("ParseValue(%s): the Error differs (-want +got):\n%s", test.text, diff)
		}
	}
}

func TestErrorObjectKeepsItsText(t *testing.T) {
	text := []byte(`{"error": "message", "code": 404}`)
	_, err := protocol.ParseValue(text)
	clear(text)
	object, ok := errors.AsType[*protocol.ErrorObject](err)
	if want := `{"error": "message", "code": 404}`; !ok || string(object.Text) != want || err.Error() != "not_found: message" {
		t.Errorf("after the text's buffer was reused: %v, %q; want %q", err, object.Text, want)
	}
}

func TestParseLocation(t *testing.T) {
	for _, test := range []struct {
		text string
		port int // 0: an error
		code wire.Code
	}{
		{`{"message": "Connection success", "port": 8765, "code": 200}`, 8765, ""},
		{`{"port":"8765"}`, 8765, ""},
		{`{"p\u006frt":65535}`, 65535, ""},
		{`{"port":0}`, 0, wire.Unavailable},
		{`{"port":65536}`, 0, wire.Unavailable},
		{`{"port":-1}`, 0, wire.Unavailable},
		{`{"port":8765.0}`, 0, wire.Unavailable},
		{`{"port":null}`, 0, wire.Unavailable},
		{`{"port":99999999999999999999}`, 0, wire.Unavailable},
		{`{"port":" 8765"}`, 0, wire.Unavailable},
		{`{}`, 0, wire.Unavailable},
		{`8765`, 0, wire.Unavailable},
		{`null`, 0, wire.Unavailable},
		{`{"error": "Invalid or no token provided.", "code": 403}`, 0, wire.Unauthorized},
		{`{"port":8765`, 0, wire.Internal},
		{``, 0, wire.Internal},
	} {
		port, err := protocol.ParseLocation([]byte(test.text))
		if port != test.port || wire.CodeOf(err) != test.code {
			t.Errorf("ParseLocation(%s) = %d, %v; want %d, code %q", test.text, port, err, test.port, test.code)
		}
	}
	text := protocol.AppendLocation(nil, 20001)
	if want := `{"message": "Connection success", "port": 20001, "code": 200}`; string(text) != want {
		t.Errorf("AppendLocation(20001) = %s; want %s", text, want)
	}
	if port, err := protocol.ParseLocation(text); port != 20001 || err != nil {
		t.Errorf("ParseLocation(AppendLocation(20001)) = %d, %v; want 20001", port, err)
	}
}

func FuzzValue(f *testing.F) {
	for _, text := range []string{
		`null`, ` [1,-2.5e+3,"a\u00e9\n",{"k":[true,false,{}]}] `, `[NaN,Infinity,-Infinity]`, `"NaN"`, `{"error": "x", "code": 500}`,
		`01`, `"\ud800"`, "\"\x01\"", "\"\xff\"", `{"a":1,}`, nest(20), `"12345678\"90123456"`, `1 2`, ``, `{"error":"\ud800","code":403}`,
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		value, err := protocol.ParseValue(text)
		object, isObject := errors.AsType[*protocol.ErrorObject](err)
		accepted := err == nil || isObject
		agree(t, text, accepted)
		if isObject {
			value = object.Text
		}
		if accepted && string(value) != strings.Trim(string(text), " \t\r\n") {
			t.Errorf("ParseValue(%q) = %q; want the text", text, value)
		}
		e, ok := errors.AsType[*wire.Error](err)
		if err != nil && !ok {
			t.Errorf("ParseValue(%q) = %v; want a *wire.Error", text, err)
		}
		if isObject && e.Code != wire.Internal { // an Internal error's text becomes the type's name
			_, again := protocol.ParseValue(protocol.AppendErrorObject(nil, err))
			if wire.CodeOf(again) != e.Code {
				t.Errorf("ParseValue(AppendErrorObject(%v)) = %v; want the same code", err, again)
			}
		}
		_, _ = protocol.ParseLocation(text) // does not panic
	})
}
