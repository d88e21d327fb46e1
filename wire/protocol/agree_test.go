package protocol_test

import (
	"bytes"
	stdjson "encoding/json"
	"testing"
	"unicode/utf8"
)

// agree checks that text was rightly accepted or refused as JSON: like encoding/json
// after Python's words have become numbers, except for the limit on nesting and for
// invalid UTF-8.
func agree(t *testing.T, text []byte, accepted bool) {
	t.Helper()
	plain, deepest := withoutWords(text)
	want := stdjson.Valid(plain) && utf8.Valid(text) && deepest <= 1000
	if accepted != want {
		t.Errorf("accepted %q: %v; want %v", text, accepted, want)
	}
}

// withoutWords returns text with 0 for each NaN and Infinity outside strings, and the
// depth of its nesting.
func withoutWords(text []byte) (plain []byte, deepest int) {
	depth, inString := 0, false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inString && c == '\\' && i+1 < len(text):
			plain = append(plain, c)
			i++
			c = text[i]
		case c == '"':
			inString = !inString
		case inString:
		case c == '[' || c == '{':
			depth++
			deepest = max(deepest, depth)
		case c == ']' || c == '}':
			depth--
		default:
			for _, word := range []string{"NaN", "-Infinity", "Infinity"} {
				// the previous byte may not belong to a number or another word
				if bytes.HasPrefix(text[i:], []byte(word)) && (i == 0 || bytes.IndexByte([]byte("[{,: \t\r\n"), text[i-1]) >= 0) {
					c = '0'
					i += len(word) - 1
					if i+1 < len(text) && isDigitOrPoint(text[i+1]) {
						c = 'x' // NaN5 is no number
					}
				}
			}
		}
		plain = append(plain, c)
	}
	return plain, deepest
}

func isDigitOrPoint(c byte) bool {
	return bytes.IndexByte([]byte("0123456789.eE"), c) >= 0
}
