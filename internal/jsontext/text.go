package jsontext

import (
	"bytes"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/segmentio/encoding/json"
)

// Unquote returns the content of a JSON string of valid syntax, given its text between the
// quotes. Without escapes the result is the text itself, not a copy. A lone surrogate
// becomes its three bytes, which are not valid UTF-8. If it became U+FFFD, it would equal
// another string.
func Unquote(text []byte) []byte {
	if bytes.IndexByte(text, '\\') < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for i := 0; i < len(text); {
		c := text[i]
		if c != '\\' {
			out = append(out, c)
			i++
			continue
		}
		switch c := text[i+1]; c {
		case 'b':
			out = append(out, '\b')
		case 'f':
			out = append(out, '\f')
		case 'n':
			out = append(out, '\n')
		case 'r':
			out = append(out, '\r')
		case 't':
			out = append(out, '\t')
		case 'u':
			r := hexRune(text[i+2:])
			i += 6
			if utf16.IsSurrogate(r) {
				if i+6 <= len(text) && text[i] == '\\' && text[i+1] == 'u' {
					if pair := utf16.DecodeRune(r, hexRune(text[i+2:])); pair != utf8.RuneError {
						out = utf8.AppendRune(out, pair)
						i += 6
						continue
					}
				}
				out = append(out, 0xE0|byte(r>>12), 0x80|byte(r>>6)&0x3F, 0x80|byte(r)&0x3F)
				continue
			}
			out = utf8.AppendRune(out, r)
			continue
		default: // a quote, backslash or slash stands for itself
			out = append(out, c)
		}
		i += 2
	}
	return out
}

func hexRune(text []byte) rune {
	var r rune
	for _, c := range text[:4] {
		r = r<<4 | rune(hexValue(c))
	}
	return r
}

// KeyIs reports whether key, the text of an object's key between its quotes, means name.
func KeyIs(key []byte, name string) bool {
	if len(key) == len(name) {
		return string(key) == name
	}
	return len(key) > len(name) && bytes.IndexByte(key, '\\') >= 0 && string(Unquote(key)) == name
}

// StringValue returns the content of a JSON value of valid syntax, if it is a string.
func StringValue(value []byte) (text []byte, ok bool) {
	if len(value) < 2 || value[0] != '"' {
		return nil, false
	}
	return Unquote(value[1 : len(value)-1]), true
}

// AppendQuote appends s as a JSON string.
func AppendQuote(dst []byte, s string) []byte { return json.AppendEscape(dst, s, 0) }
