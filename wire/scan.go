package wire

import (
	"encoding/binary"
	"errors"
	"math/bits"
	"unicode/utf8"
)

// maxDepth is how deep arrays and objects may nest. Python's own decoder gives
// up near 1,000; the decoders behind this scanner recurse, so there must be a
// limit before them.
const maxDepth = 1000

var (
	errSyntax = errors.New("not valid JSON")
	errDepth  = errors.New("nested too deep")
	errUTF8   = errors.New("not valid UTF-8")
	errObject = errors.New("not a JSON object")
)

// A scanner walks JSON text without building values. Beyond RFC 8259 it takes
// the words NaN, Infinity and -Infinity, which Python writes and reads.
type scanner struct {
	text []byte
	pos  int
}

// space skips white space and returns the byte behind it, 0 at the end.
func (s *scanner) space() byte {
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; c {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return c
		}
	}
	return 0
}

// members calls member for each member of the object that the text is, with the
// key's text between its quotes and the value's text. Nothing may follow the
// object.
func members(text []byte, member func(key, value []byte) error) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	s := scanner{text: text}
	if err := s.object(member); err != nil {
		return err
	}
	if s.space() != 0 || s.pos < len(text) {
		return errSyntax
	}
	return nil
}

func (s *scanner) object(member func(key, value []byte) error) error {
	if s.space() != '{' {
		if err := s.skip(); err != nil {
			return err
		}
		return errObject
	}
	s.pos++
	if s.space() == '}' {
		s.pos++
		return nil
	}
	for {
		if s.space() != '"' {
			return errSyntax
		}
		start := s.pos
		if err := s.skipString(); err != nil {
			return err
		}
		key := s.text[start+1 : s.pos-1]
		if s.space() != ':' {
			return errSyntax
		}
		s.pos++
		s.space()
		start = s.pos
		if err := s.skip(); err != nil {
			return err
		}
		if err := member(key, s.text[start:s.pos]); err != nil {
			return err
		}
		switch s.space() {
		case ',':
			s.pos++
		case '}':
			s.pos++
			return nil
		default:
			return errSyntax
		}
	}
}

// skip passes over one value of any kind, checking its syntax.
func (s *scanner) skip() error {
	switch c := s.space(); c {
	case '{', '[':
		return s.skipNested()
	case '"':
		return s.skipString()
	default:
		return s.skipScalar(c)
	}
}

// skipNested passes over an array or an object. It keeps a bit for each level
// instead of recursing: a bomb of brackets must not grow the stack.
func (s *scanner) skipNested() error {
	var nest [maxDepth/64 + 1]uint64 // 1 is an object
	depth := 0
	for {
		// a value starts here
		switch c := s.space(); c {
		case '{', '[':
			if depth == maxDepth {
				return errDepth
			}
			s.pos++
			bit := uint64(1) << (depth & 63)
			if c == '{' {
				nest[depth>>6] |= bit
			} else {
				nest[depth>>6] &^= bit
			}
			depth++
			if next := s.space(); next == c+2 { // '{'+2 is '}', '['+2 is ']'
				s.pos++
				depth--
			} else {
				if c == '{' {
					if err := s.skipKey(); err != nil {
						return err
					}
				}
				continue
			}
		case '"':
			if err := s.skipString(); err != nil {
				return err
			}
		default:
			if err := s.skipScalar(c); err != nil {
				return err
			}
		}
		// a value has ended here
		for {
			if depth == 0 {
				return nil
			}
			object := nest[(depth-1)>>6]&(1<<((depth-1)&63)) != 0
			c := s.space()
			if c == ',' {
				s.pos++
				if object {
					if err := s.skipKey(); err != nil {
						return err
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return errSyntax
			}
			s.pos++
			depth--
		}
	}
}

func (s *scanner) skipKey() error {
	if s.space() != '"' {
		return errSyntax
	}
	if err := s.skipString(); err != nil {
		return err
	}
	if s.space() != ':' {
		return errSyntax
	}
	s.pos++
	return nil
}

// skipString passes over a string. It looks at eight bytes at a time, since
// strings are most of what is sent.
func (s *scanner) skipString() error {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	i := s.pos + 1
	for {
		for i+8 <= len(s.text) {
			w := binary.LittleEndian.Uint64(s.text[i:])
			quote, slash := w^(ones*'"'), w^(ones*'\\')
			found := ((quote - ones) &^ quote) | ((slash - ones) &^ slash) | ((w - ones*0x20) &^ w)
			if found &= tops; found != 0 {
				i += bits.TrailingZeros64(found) / 8
				break
			}
			i += 8
		}
		if i >= len(s.text) {
			return errSyntax
		}
		switch c := s.text[i]; {
		case c == '"':
			s.pos = i + 1
			return nil
		case c == '\\':
			n := escapeLen(s.text[i:])
			if n == 0 {
				return errSyntax
			}
			i += n
		case c < 0x20:
			return errSyntax
		default:
			i++
		}
	}
}

// escapeLen returns the length of the escape that text starts with, 0 if it is
// not one.
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

func (s *scanner) skipScalar(c byte) error {
	switch c {
	case 't':
		return s.skipWord("true")
	case 'f':
		return s.skipWord("false")
	case 'n':
		return s.skipWord("null")
	case 'N':
		return s.skipWord("NaN")
	case 'I':
		return s.skipWord("Infinity")
	case '-':
		s.pos++
		if s.pos < len(s.text) && s.text[s.pos] == 'I' {
			return s.skipWord("Infinity")
		}
	}
	return s.skipNumber()
}

func (s *scanner) skipWord(word string) error {
	if end := s.pos + len(word); end <= len(s.text) && string(s.text[s.pos:end]) == word {
		s.pos = end
		return nil
	}
	return errSyntax
}

// skipNumber passes over a number whose sign has been read.
func (s *scanner) skipNumber() error {
	if s.pos < len(s.text) && s.text[s.pos] == '0' {
		s.pos++
	} else if s.digits() == 0 {
		return errSyntax
	}
	if s.pos < len(s.text) && s.text[s.pos] == '.' {
		s.pos++
		if s.digits() == 0 {
			return errSyntax
		}
	}
	if s.pos < len(s.text) && s.text[s.pos]|0x20 == 'e' {
		s.pos++
		if s.pos < len(s.text) && (s.text[s.pos] == '+' || s.text[s.pos] == '-') {
			s.pos++
		}
		if s.digits() == 0 {
			return errSyntax
		}
	}
	return nil
}

func (s *scanner) digits() int {
	start := s.pos
	for s.pos < len(s.text) && '0' <= s.text[s.pos] && s.text[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - start
}

// check reports what is wrong with text as one JSON value.
func check(text []byte) error {
	if !utf8.Valid(text) {
		return errUTF8
	}
	s := scanner{text: text}
	if err := s.skip(); err != nil {
		return err
	}
	if s.space() != 0 || s.pos < len(text) {
		return errSyntax
	}
	return nil
}
