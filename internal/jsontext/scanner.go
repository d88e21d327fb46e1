package jsontext

import (
	"errors"
	"unicode/utf8"
)

// MaxDepth is the number of levels that arrays and objects may nest. Python's own decoder
// fails near 1,000 levels. The decoders behind this Scanner recurse, so they need a limit
// before them.
const MaxDepth = 1000

var (
	ErrSyntax = errors.New("not valid JSON")
	ErrDepth  = errors.New("nested too deep")
	ErrUTF8   = errors.New("not valid UTF-8")
	ErrObject = errors.New("not a JSON object")
)

// A Scanner walks JSON text without building values. In addition to RFC 8259 it accepts
// the words NaN, Infinity and -Infinity, because Python writes and reads them.
type Scanner struct {
	Text []byte
	Pos  int
}

// Space skips white space and returns the byte behind it, 0 at the end.
func (s *Scanner) Space() byte {
	for s.Pos < len(s.Text) {
		c := s.Text[s.Pos]
		if c > ' ' || c != ' ' && c != '\n' && c != '\t' && c != '\r' {
			return c
		}
		s.Pos++
	}
	return 0
}

// Members calls member for each member of an object, which must be the whole text. It
// passes the key's text between its quotes, and the value's text. Each value may nest
// MaxDepth levels; the object itself does not count as a level.
func Members(text []byte, member func(key, value []byte) error) error {
	if !utf8.Valid(text) {
		return ErrUTF8
	}
	s := Scanner{Text: text}
	if err := s.Object(member); err != nil {
		return err
	}
	if s.Space() != 0 || s.Pos < len(text) {
		return ErrSyntax
	}
	return nil
}

// Check returns an error unless text is one valid JSON value.
func Check(text []byte) error {
	if !utf8.Valid(text) {
		return ErrUTF8
	}
	s := Scanner{Text: text}
	if err := s.Skip(); err != nil {
		return err
	}
	if s.Space() != 0 || s.Pos < len(text) {
		return ErrSyntax
	}
	return nil
}

func (s *Scanner) Object(member func(key, value []byte) error) error {
	if s.Space() != '{' {
		if err := s.Skip(); err != nil {
			return err
		}
		return ErrObject
	}
	s.Pos++
	if s.Space() == '}' {
		s.Pos++
		return nil
	}
	for {
		if s.Space() != '"' {
			return ErrSyntax
		}
		start := s.Pos
		if err := s.SkipString(); err != nil {
			return err
		}
		key := s.Text[start+1 : s.Pos-1]
		if s.Space() != ':' {
			return ErrSyntax
		}
		s.Pos++
		s.Space()
		start = s.Pos
		if err := s.Skip(); err != nil {
			return err
		}
		if err := member(key, s.Text[start:s.Pos]); err != nil {
			return err
		}
		switch s.Space() {
		case ',':
			s.Pos++
		case '}':
			s.Pos++
			return nil
		default:
			return ErrSyntax
		}
	}
}

// Skip passes over one value of any kind, checking its syntax.
func (s *Scanner) Skip() error {
	switch c := s.Space(); c {
	case '{', '[':
		return s.skipNested()
	case '"':
		return s.SkipString()
	default:
		return s.skipScalar(c)
	}
}

// skipNested passes over an array or an object. It keeps a bit for each level instead of
// recursing, so that a text of many brackets cannot grow the stack.
func (s *Scanner) skipNested() error {
	var nest [MaxDepth/64 + 1]uint64 // a bit for each level: 1 is an object, 0 an array
	depth := 0
	for {
		// A value starts here.
		switch c := s.Space(); c {
		case '{', '[':
			if depth == MaxDepth {
				return ErrDepth
			}
			s.Pos++
			bit := uint64(1) << (depth & 63)
			if c == '{' {
				nest[depth>>6] |= bit
			} else {
				nest[depth>>6] &^= bit
			}
			depth++
			if next := s.Space(); next == c+2 { // '{'+2 is '}', '['+2 is ']'
				s.Pos++
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
			if err := s.SkipString(); err != nil {
				return err
			}
		default:
			if err := s.skipScalar(c); err != nil {
				return err
			}
		}
		// A value has ended here.
		for {
			if depth == 0 {
				return nil
			}
			object := nest[(depth-1)>>6]&(1<<((depth-1)&63)) != 0
			c := s.Space()
			if c == ',' {
				s.Pos++
				if object {
					if err := s.skipKey(); err != nil {
						return err
					}
				}
				break
			}
			if object && c != '}' || !object && c != ']' {
				return ErrSyntax
			}
			s.Pos++
			depth--
		}
	}
}

func (s *Scanner) skipKey() error {
	if s.Space() != '"' {
		return ErrSyntax
	}
	if err := s.SkipString(); err != nil {
		return err
	}
	if s.Space() != ':' {
		return ErrSyntax
	}
	s.Pos++
	return nil
}
