package cli

import (
	"bytes"
	"encoding/json"
	"testing"
)

func TestIndent(t *testing.T) {
	for text, want := range map[string]string{
		`5`:               `5`,
		` "a\"{,:" `:      `"a\"{,:"`,
		`{}`:              `{}`,
		`[ ]`:             `[]`,
		`[[],{ } ]`:       "[\n  [],\n  {}\n]",
		`{"a":1,"b":[2]}`: "{\n  \"a\": 1,\n  \"b\": [\n    2\n  ]\n}",
		`[123456789012345678901234567890,NaN,-Infinity,1.0E+2]`: "[\n  123456789012345678901234567890,\n  NaN,\n  -Infinity,\n  1.0E+2\n]",
		"\"\u009b2J \u202e\"": `"\u009b2J \u202e"`,
	} {
		if got := string(Indent([]byte(text))); got != want {
			t.Errorf("Indent(%s) = %s; want %s", text, got, want)
		}
	}
}

func FuzzIndent(f *testing.F) {
	for _, text := range []string{`{"a":[1,{}],"b":"\\\""}`, `[]`, `""`, `{`, `"\`, "]"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		got := Indent(text) // must not panic on invalid JSON
		var want, compact bytes.Buffer
		if json.Compact(&want, text) != nil {
			return
		}
		if bytes.ContainsFunc(text, func(r rune) bool { return r > 0x7E }) {
			return // Indent escapes some letters, and then the texts differ
		}
		if err := json.Compact(&compact, got); err != nil || compact.String() != want.String() {
			t.Errorf("Indent(%q) = %q; want the same value: %v", text, got, err)
		}
	})
}
