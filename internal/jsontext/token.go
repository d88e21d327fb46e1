package jsontext

import (
	"bytes"
	"encoding/binary"
	"math/bits"
)

// SkipString passes over a string. It looks at eight bytes at a time, since most bytes of
// requests and responses are in strings.
func (s *Scanner) SkipString() error {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := s.Pos + 1
	if end := plainEnd(s.Text, i); end > 0 {
		s.Pos = end
		return nil
	}
	for {
		for i+8 <= len(s.Text) {
			w := binary.LittleEndian.Uint64(s.Text[i:])
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			found := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
			if found &= tops; found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(s.Text) {
			return ErrSyntax
		}
		switch c := s.Text[i]; {
		case c == '"':
			s.Pos = i + 1
			return nil
		case c == '\\':
			n := escapeLen(s.Text[i:])
			if n == 0 {
				return ErrSyntax
			}
			i += n
		case c < 0x20:
			return ErrSyntax
		default:
			i++
		}
	}
}

// longString is the length in bytes from which plainEnd is faster, in spite of its fixed
// cost.
const longString = 256

// plainEnd returns the end of a long string without escapes, whose content begins at i. For
// such a string the assembly of package bytes is faster than SkipString's own loop. It
// returns 0 for any other string.
func plainEnd(text []byte, i int) int {
	if len(text)-i <= longString || bytes.IndexByte(text[i:i+longString], '"') >= 0 {
		return 0
	}
	n := bytes.IndexByte(text[i:], '"')
	if n < 0 || bytes.IndexByte(text[i:i+n], '\\') >= 0 || hasControl(text[i:i+n]) {
		return 0
	}
	return i + n + 1
}

// hasControl reports whether text has a byte below 0x20.
func hasControl(text []byte) bool {
	const spaces, tops = 0x2020202020202020, 0x8080808080808080
	for len(text) >= 32 {
		a, b := binary.LittleEndian.Uint64(text), binary.LittleEndian.Uint64(text[8:])
		c, d := binary.LittleEndian.Uint64(text[16:]), binary.LittleEndian.Uint64(text[24:])
		if ((a-spaces)&^a|(b-spaces)&^b|(c-spaces)&^c|(d-spaces)&^d)&tops != 0 {
			return true
		}
		text = text[32:]
	}
	for _, c := range text {
		if c < 0x20 {
			return true
		}
	}
	return false
}

// escapeLen returns the length of the escape at the start of text, 0 if there is none.
func escapeLen(text []byte) int {
	if len(text) < 2 {
		return 0
	}
	switch text[1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		return 2
	case 'u':
		if len(text) < 6 {
			return 0
		}
		for _, c := range text[2:6] {
			if hexValue(c) < 0 {
				return 0
			}
		}
		return 6
	}
	return 0
}

func hexValue(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

func (s *Scanner) skipScalar(c byte) error {
	switch c {
	case 't':
		return s.SkipWord("true")
	case 'f':
		return s.SkipWord("false")
	case 'n':
		return s.SkipWord("null")
	case 'N':
		return s.SkipWord("NaN")
	case 'I':
		return s.SkipWord("Infinity")
	case '-':
		s.Pos++
		if s.Pos < len(s.Text) && s.Text[s.Pos] == 'I' {
			return s.SkipWord("Infinity")
		}
	}
	return s.skipNumber()
}

func (s *Scanner) SkipWord(word string) error {
	if end := s.Pos + len(word); end <= len(s.Text) && string(s.Text[s.Pos:end]) == word {
		s.Pos = end
		return nil
	}
	return ErrSyntax
}

// skipNumber passes over a number, after its sign.
func (s *Scanner) skipNumber() error {
	if s.Pos < len(s.Text) && s.Text[s.Pos] == '0' {
		s.Pos++
	} else if s.digits() == 0 {
		return ErrSyntax
	}
	if s.Pos < len(s.Text) && s.Text[s.Pos] == '.' {
		s.Pos++
		if s.digits() == 0 {
			return ErrSyntax
		}
	}
	if s.Pos < len(s.Text) && s.Text[s.Pos]|0x20 == 'e' {
		s.Pos++
		if s.Pos < len(s.Text) && (s.Text[s.Pos] == '+' || s.Text[s.Pos] == '-') {
			s.Pos++
		}
		if s.digits() == 0 {
			return ErrSyntax
		}
	}
	return nil
}

func (s *Scanner) digits() int {
	start := s.Pos
	for s.Pos < len(s.Text) && '0' <= s.Text[s.Pos] && s.Text[s.Pos] <= '9' {
		s.Pos++
	}
	return s.Pos - start
}
