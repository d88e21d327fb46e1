package codec

import (
	"bytes"
	"encoding"
	stdjson "encoding/json"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// flat describes a struct of only strings, booleans, integers and snowflakes, as most
// requests are. It decodes the usual texts of such a struct in a
// fraction of the time that the fast library needs before it begins: the library first
// scans the whole text with vector instructions, and some processors are slow to switch
// to these. flat leaves unusual texts, and invalid ones, to the library.
type flat struct{ fields []flatField }

type flatField struct {
	name  string
	index int
	kind  reflect.Kind
	snow  bool
}

// maxFlat is the largest number of fields of a flat struct. decode compares each key with
// all of them.
const maxFlat = 16

// flatOf returns nil for a type that is not such a struct.
func flatOf(t reflect.Type) *flat {
	if t.Kind() != reflect.Struct || t.NumField() > maxFlat || decodesItself(t) {
		return nil
	}
	f := &flat{}
	for i := range t.NumField() {
		field := t.Field(i)
		name, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Tag.Get("json") == "-" || !field.IsExported() && !field.Anonymous {
			continue
		}
		if name == "" {
			name = field.Name
		}
		one := flatField{name: name, index: i, kind: field.Type.Kind(), snow: field.Type == reflect.TypeFor[wire.Snowflake]()}
		switch {
		case field.Anonymous, options != "" && options != "omitempty", strings.ContainsFunc(name, unusualInName),
			!one.snow && decodesItself(field.Type),
			field.Type == reflect.TypeFor[stdjson.Number](), // its kind is string, but it must be a number
			f.find([]byte(name)) != nil:
			return nil
		}
		switch one.kind {
		case reflect.String, reflect.Bool,
			reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
			reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		default:
			return nil
		}
		f.fields = append(f.fields, one)
	}
	return f
}

// unusualInName reports whether r may have a special meaning in a tag.
func unusualInName(r rune) bool {
	return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
}

func decodesItself(t reflect.Type) bool {
	return implements[stdjson.Unmarshaler](t) || implements[encoding.TextUnmarshaler](t)
}

func (f *flat) find(key []byte) *flatField {
	for i := range f.fields {
		if f.fields[i].name == string(key) {
			return &f.fields[i]
		}
	}
	return nil
}

// decode decodes text into value, a pointer to the struct. If it returns false, the text
// is not a usual one, and decode may have set some fields.
func (f *flat) decode(text []byte, value any) bool {
	s := &jsontext.Scanner{Text: text}
	if s.Space() != '{' {
		return false
	}
	s.Pos++
	if s.Space() == '}' {
		s.Pos++
		return atEnd(s)
	}
	to := reflect.ValueOf(value).Elem()
	for {
		key, ok := plainString(s)
		if !ok || s.Space() != ':' {
			return false
		}
		s.Pos++
		field := f.find(key)
		if field == nil || !field.set(to.Field(field.index), s) {
			return false
		}
		switch s.Space() {
		case ',':
			s.Pos++
		case '}':
			s.Pos++
			return atEnd(s)
		default:
			return false
		}
	}
}

func atEnd(s *jsontext.Scanner) bool { return s.Space() == 0 && s.Pos == len(s.Text) }

// set reads a value of the field's kind. It returns false for an unusual one.
func (f *flatField) set(to reflect.Value, s *jsontext.Scanner) bool {
	c := s.Space()
	switch {
	case f.snow:
		quoted := c == '"'
		if quoted {
			s.Pos++
		}
		n, ok := whole(s)
		if quoted && ok {
			ok = s.Pos < len(s.Text) && s.Text[s.Pos] == '"'
			s.Pos++
		}
		if ok {
			to.SetUint(n)
		}
		return ok
	case f.kind == reflect.String:
		text, ok := plainString(s)
		if ok = ok && utf8.Valid(text); ok {
			to.SetString(string(text))
		}
		return ok
	case f.kind == reflect.Bool:
		ok := c == 't' && s.SkipWord("true") == nil || c == 'f' && s.SkipWord("false") == nil
		if ok {
			to.SetBool(c == 't')
		}
		return ok
	case f.kind >= reflect.Uint:
		n, ok := whole(s)
		if ok = ok && !to.OverflowUint(n); ok {
			to.SetUint(n)
		}
		return ok
	}
	negative := c == '-'
	if negative {
		s.Pos++
	}
	u, ok := whole(s)
	n := int64(u) // it has at most 18 digits
	if negative {
		n = -n
	}
	if ok = ok && !to.OverflowInt(n); ok {
		to.SetInt(n)
	}
	return ok
}

// plainString reads a string without escapes and returns its text.
func plainString(s *jsontext.Scanner) ([]byte, bool) {
	if s.Space() != '"' {
		return nil, false
	}
	start := s.Pos + 1
	if s.SkipString() != nil {
		return nil, false
	}
	text := s.Text[start : s.Pos-1]
	return text, bytes.IndexByte(text, '\\') < 0
}

// whole reads an integer of at most 18 digits, which always fits into 64 bits.
func whole(s *jsontext.Scanner) (uint64, bool) {
	start := s.Pos
	var n uint64
	for s.Pos < len(s.Text) && isDigit(s.Text[s.Pos]) {
		n = n*10 + uint64(s.Text[s.Pos]-'0')
		s.Pos++
	}
	digits := s.Pos - start
	if digits == 0 || digits > 18 || digits > 1 && s.Text[start] == '0' {
		return 0, false
	}
	if s.Pos < len(s.Text) { // no fraction and no exponent
		switch s.Text[s.Pos] {
		case '.', 'e', 'E':
			return 0, false
		}
	}
	return n, true
}
