package wire

import (
	"errors"
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
		c := s.text[s.pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.pos++
	}
	return 0
}

// members calls member for each member of the object that the text is, with the
// key's text between its quotes and the value's text. Nothing may follow the
// object. Each value may nest maxDepth levels: the object itself is no level of
// what users send in it.
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
