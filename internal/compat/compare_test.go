package compat

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"math"
	"testing"
)

// differ describes the first difference between got and want as values of Python, "" if
// there is none. The order of members and the notation of numbers do not matter. The type
// of a number (int or float) and every digit of an int do.
func differ(got, want node) string { return differAt("value", got, want) }

func differAt(path string, got, want node) string {
	kinds := map[byte]string{'{': "object", '[': "array", '"': "string", '#': "number", 't': "bool", 'n': "null", 0: "nothing"}
	if got.kind != want.kind {
		return fmt.Sprintf("%s = %s %.80s; want %s %.80s", path, kinds[got.kind], got.raw, kinds[want.kind], want.raw)
	}
	same := true
	switch got.kind {
	case 't':
		same = got.raw == want.raw
	case '"':
		same = got.str == want.str
	case '#':
		same = sameNumber(got, want)
	case '[':
		if len(got.list) != len(want.list) {
			return fmt.Sprintf("%s has %d elements; want %d", path, len(got.list), len(want.list))
		}
		for i := range want.list {
			if d := differAt(fmt.Sprintf("%s[%d]", path, i), got.list[i], want.list[i]); d != "" {
				return d
			}
		}
	case '{':
		for _, key := range want.keys {
			if d := differAt(path+"."+key, got.get(key), want.get(key)); d != "" {
				return d
			}
		}
		for _, key := range got.keys {
			if !want.has(key) {
				return fmt.Sprintf("%s has a member %s; want none", path, quote(key))
			}
		}
	}
	if !same {
		return fmt.Sprintf("%s = %.80s; want %.80s", path, got.raw, want.raw)
	}
	return ""
}

func sameNumber(a, b node) bool {
	if a.isInt() != b.isInt() {
		return false
	}
	if a.isInt() {
		return a.bigInt().Cmp(b.bigInt()) == 0
	}
	x, y := a.float(), b.float()
	return math.IsNaN(x) && math.IsNaN(y) || x == y && math.Signbit(x) == math.Signbit(y)
}

// differText compares two JSON texts.
func differText(got []byte, want string) string {
	g, err := parse(got)
	if err != nil {
		return fmt.Sprintf("reply %.80q: %v", got, err)
	}
	w, err := parse([]byte(want))
	if err != nil {
		return fmt.Sprintf("the recorded text: %v", err)
	}
	return differ(g, w)
}

// differLong compares a text with a long one, of which only the digest was recorded.
func differLong(got []byte, want node) string {
	sum := sha256.Sum256(got)
	if len(got) != want.get("length").int() || hex.EncodeToString(sum[:]) != want.get("sha256").str {
		return fmt.Sprintf("text of %d bytes, %.20q…; want %s bytes, %.20s…", len(got), got, want.get("length").raw, want.get("head").raw)
	}
	return ""
}

// errorObject returns the members of an error reply of the Python package.
func errorObject(n node) (text string, code int, ok bool) {
	if n.kind != '{' || len(n.keys) != 2 || n.get("error").kind != '"' || !n.get("code").isInt() {
		return "", 0, false
	}
	return n.get("error").str, n.get("code").int(), true
}

func TestComparer(t *testing.T) {
	tests := []struct {
		got, want string
		same      bool
	}{
		{`1`, `1`, true},
		{`1`, `1.0`, false},
		{`1e2`, `100.0`, true},
		{`100`, `1e2`, false},
		{`-0`, `0`, true},
		{`-0.0`, `0.0`, false},
		{`9007199254740993`, `9007199254740992`, false},
		{`1180591620717411303424`, `1180591620717411303425`, false},
		{`1e400`, `Infinity`, true},
		{`-Infinity`, `Infinity`, false},
		{`NaN`, `NaN`, true},
		{`"NaN"`, `NaN`, false},
		{`null`, `NaN`, false},
		{`0.1000000000000000055511151231257827`, `0.1`, true},
		{`true`, `1`, false},
		{`false`, `null`, false},
		{`"\ud800"`, `"\ufffd"`, false},
		{`"\ud800"`, `"\uD800"`, true},
		{`"\ud83d\ude00"`, `"😀"`, true},
		{`"\ude00\ud83d"`, `"\ude00\ud83d"`, true},
		{`"caf\u00e9"`, `"café"`, true},
		{`{"a": 1, "b": [2]}`, `{"b":[2],"a":1}`, true},
		{`{"a": 1, "a": 2}`, `{"a": 2}`, true},
		{`{"a": 1}`, `{"a": 1, "b": null}`, false},
		{`{"a": 1, "b": null}`, `{"a": 1}`, false},
		{`{"A": 1}`, `{"a": 1}`, false},
		{`{"\ud800": 1}`, `{"\ufffd": 1}`, false},
		{`[1, 2]`, `[2, 1]`, false},
		{`[1]`, `[1, 1]`, false},
		{`[]`, `{}`, false},
	}
	for _, tt := range tests {
		if d := differText([]byte(tt.got), tt.want); (d == "") != tt.same {
			t.Errorf("differText(%s, %s) = %q; want same = %v", tt.got, tt.want, d, tt.same)
		}
	}
	for _, bad := range []string{"", "nope", "1 2", "\ufeff1", `{"a": `, `{"a": 01}`, `[1,]`, `{,}`, `{"a" 1}`, "\"a\nb\"", `.5`, `0x10`, "\"\xff\"", `"\x"`, `"\u12"`, `+1`, `1.`, `1e`} {
		if _, err := parse([]byte(bad)); err == nil {
			t.Errorf("parse(%q) succeeds; want an error", bad)
		}
	}
}

func TestQuote(t *testing.T) {
	for _, text := range []string{`"caf\u00e9"`, `"\ud800x"`, `"\ud83d\ude00 \"\\"`, `"\u0000\u001f\u007f"`} {
		n, err := parse([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		if got := quote(n.str); got != text {
			t.Errorf("quote of %s = %s; want the same", text, got)
		}
	}
}
