package codec

import (
	"bytes"
	"encoding"
	"encoding/binary"
	stdjson "encoding/json"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// fitness says where the fast library does for a type what encoding/json does.
// Where it does not, the difference was found by comparing the two; see
// FuzzCodec.
type fitness struct {
	encode bool
	decode bool // if the text is modest, or the type not costly
	costly bool // the type holds what takes the fast decoder too much time or memory
	wide   bool // the type holds integers of 64 bits
}

// Into a costly type the fast decoder reads texts with at most modestCount
// arrays and objects, nested at most modestDepth deep. It takes room for 64
// members for each map of strings, be it empty, about 5 KB; and it reads untyped
// data once for each level of nesting: 4 MB take up to 20 ms a level. How long a
// text is does not count, or names would match in another way when data grows.
const (
	modestCount = 10_000
	modestDepth = 32
)

func (f fitness) decodes(text []byte) bool {
	return f.decode && !(f.costly && !modest(text))
}

// modest reports whether text has few arrays and objects, nested not deep. It
// need not be valid.
func modest(text []byte) bool {
	if openings(text) <= modestDepth {
		return true
	}
	count, depth, quoted := 0, 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"':
			quoted = !quoted
		case c == '\\':
			i++ // it may be a quote
		case quoted:
		case c == '[' || c == '{':
			count++
			depth++
			if count > modestCount || depth > modestDepth {
				return false
			}
		case c == ']' || c == '}':
			depth--
		}
	}
	return true
}

// openings returns how many arrays and objects text has at most. It is faster
// than to scan all text.
func openings(text []byte) int {
	return bytes.Count(text, []byte{'['}) + bytes.Count(text, []byte{'{'})
}

func fitnessOf(t reflect.Type) fitness {
	f := fitness{encode: true, decode: true}
	f.look(t, nil)
	return f
}

// look narrows f by what t holds. above are the types that hold t.
func (f *fitness) look(t reflect.Type, above []reflect.Type) {
	if slices.Contains(above, t) {
		f.encode = false // a value of t may be a cycle: the fast encoder recurses without end
		return
	}
	above = append(above, t)
	switch t {
	case reflect.TypeFor[wire.Snowflake]():
		return
	case reflect.TypeFor[stdjson.Number](): // written unchecked: it may hold any text; not read from strings
		f.encode, f.decode = false, false
		return
	case reflect.TypeFor[time.Time](), // years past 9999 are written
		reflect.TypeFor[time.Duration](): // written as "1.5s"
		f.encode = false
		return
	}
	if implements[stdjson.Marshaler](t) || implements[encoding.TextMarshaler](t) {
		f.encode = false
	}
	if implements[stdjson.Unmarshaler](t) || implements[encoding.TextUnmarshaler](t) {
		return
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64, reflect.Uint, reflect.Uint64, reflect.Uintptr:
		f.wide = true
	case reflect.Interface:
		f.encode, f.costly = false, true
	case reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		f.encode = false
	case reflect.Array:
		f.decode = false // [] does not fit for the fast decoder
		f.look(t.Elem(), above)
	case reflect.Pointer, reflect.Slice:
		f.look(t.Elem(), above)
	case reflect.Map:
		switch t.Elem() {
		case reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[stdjson.RawMessage]():
			f.costly = true
		case reflect.TypeFor[[]string]():
			f.decode = false // null becomes []
		}
		f.look(t.Key(), above)
		f.look(t.Elem(), above)
	case reflect.Struct:
		for field := range t.Fields() {
			options := field.Tag.Get("json")
			if field.Anonymous || strings.Contains(options, ",omitzero") || strings.Contains(options, ",string") {
				f.encode = false
			}
			if field.IsExported() || field.Anonymous {
				f.look(field.Type, above)
			}
		}
	}
}

func implements[I any](t reflect.Type) bool {
	return t.Implements(reflect.TypeFor[I]()) || reflect.PointerTo(t).Implements(reflect.TypeFor[I]())
}

// harmlessDepth is how deep the fast decoder may recurse without using much
// stack. What a jsontext.Scanner has let pass is far from it.
const harmlessDepth = 50_000

// mayNestDeep reports whether text has enough brackets to nest deeper than
// harmlessDepth.
func mayNestDeep(text []byte) bool {
	return len(text) > harmlessDepth && openings(text) > harmlessDepth
}

// hasLongNumber reports whether text has 20 or more digits in a row: then, and
// not with fewer, an integer may pass 64 bits by so much that it wraps around.
func hasLongNumber(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for i := 0; i+8 <= len(text); i += 8 {
		// of 20 digits in a row, 8 are one of these words
		w := binary.LittleEndian.Uint64(text[i:])
		if w&tops|(w-ones*'0')&tops|(w+ones*(0x7F-'9'))&tops != 0 {
			continue
		}
		from, to := i, i+8
		for from > 0 && isDigit(text[from-1]) {
			from--
		}
		for to < len(text) && isDigit(text[to]) {
			to++
		}
		if to-from >= 20 {
			return true
		}
		i = to - 8 // digits are not counted twice
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
