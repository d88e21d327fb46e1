package cli

import (
	"bytes"
	"fmt"
)

// Indent lays JSON text out for people. Every word and number stays as it came: all
// digits of long numbers, and NaN, which encoding/json rejects. The text must be JSON.
func Indent(text []byte) []byte {
	var out bytes.Buffer
	depth := 0
	line := func() { fmt.Fprintf(&out, "\n%*s", 2*depth, "") }
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\r', '\n':
		case '"':
			end := stringEnd(text, i)
			// The string stays the same JSON, but no terminal takes a part for a command.
			out.WriteString(escape(string(text[i:end]), func(r rune) string { return fmt.Sprintf(`\u%04x`, r) }))
			i = end - 1
		case '{', '[':
			out.WriteByte(c)
			rest := bytes.TrimLeft(text[i+1:], " \t\r\n")
			if len(rest) > 0 && (rest[0] == '}' || rest[0] == ']') {
				out.WriteByte(rest[0])
				i = len(text) - len(rest)
				continue
			}
			depth++
			line()
		case '}', ']':
			depth--
			line()
			out.WriteByte(c)
		case ',':
			out.WriteByte(c)
			line()
		case ':':
			out.WriteString(": ")
		default:
			out.WriteByte(c)
		}
	}
	return out.Bytes()
}

// stringEnd returns the index behind the string that begins at i.
func stringEnd(text []byte, i int) int {
	for i++; i < len(text) && text[i] != '"'; i++ {
		if text[i] == '\\' {
			i++
		}
	}
	return min(i+1, len(text))
}
