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

// fitness records for a type where the fast library behaves exactly like encoding/json.
// FuzzCodec compares the two and has found the differences.
type fitness struct {
	encode bool
	decode bool // the fast decoder may be used, if the type is not costly or the text is modest
	costly bool // the type holds untyped data or maps of strings, which can cost the fast decoder much time or memory
	wide   bool // the type holds integers of 64 bits
}

// The fast decoder reads a text into a costly type only if the text has at most
// modestCount arrays and objects, nested at most modestDepth deep:
//
//   - It allocates room for 64 members, about 5 KB, for each map of strings, also for an
//     empty one.
//   - It reads untyped data once for each level of nesting: 4 MB take up to 20 ms a level.
//
// The length of the text does not matter. Otherwise names would match in another way when
// data grows.
const (
	modestCount = 10_000
	modestDepth = 32
)

func (f fitness) decodes(text []byte) bool {
	return f.decode && !(f.costly && !modest(text))
}

// modest reports whether text has few arrays and objects, which do not nest deeply. text
// may be invalid.
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
			i++ // the escaped byte may be a quote
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

// openings returns an upper bound for the number of arrays and objects in text. It is
// faster than a scan of the text.
func openings(text []byte) int {
	return bytes.Count(text, []byte{'['}) + bytes.Count(text, []byte{'{'})
}

func fitnessOf(t reflect.Type) fitness {
	f := fitness{encode: true, decode: true}
	f.look(t, nil)
	return f
}

// look clears the uses in f for which t, or a type inside t, is unfit. above are the types
// that contain t.
func (f *fitness) look(t reflect.Type, above []reflect.Type) {
	if slices.Contains(above, t) {
		f.encode = false // a value of t may contain itself, and then the fast encoder recurses without end
		return
	}
	above = append(above, t)
	switch t {
	case reflect.TypeFor[wire.Snowflake]():
		return
	case reflect.TypeFor[stdjson.Number](): // the fast library writes any text in it unchecked, and does not read it from strings
		f.encode, f.decode = false, false
		return
	case reflect.TypeFor[time.Time](), // the fast library also writes years after 9999
		reflect.TypeFor[time.Duration](): // the fast library writes "1.5s"
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
		f.decode = false // the fast decoder refuses []
		f.look(t.Elem(), above)
	case reflect.Pointer, reflect.Slice:
		f.look(t.Elem(), above)
	case reflect.Map:
		switch t.Elem() {
		case reflect.TypeFor[string](), reflect.TypeFor[bool](), reflect.TypeFor[stdjson.RawMessage]():
			f.costly = true
		case reflect.TypeFor[[]string]():
			f.decode = false // the fast decoder turns null into []
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

// harmlessDepth is the depth to which the fast decoder may recurse without using much
// stack. A text that a jsontext.Scanner has accepted is far from it.
const harmlessDepth = 50_000

// mayNestDeep reports whether text has enough brackets to nest deeper than
// harmlessDepth.
func mayNestDeep(text []byte) bool {
	return len(text) > harmlessDepth && openings(text) > harmlessDepth
}

// hasLongNumber reports whether text has 20 or more digits in a row. Only such an integer
// can exceed 64 bits by so much that it wraps around.
func hasLongNumber(text []byte) bool {
	const ones, tops = 0x0101010101010101, 0x8080808080808080
	for i := 0; i+8 <= len(text); i += 8 {
		// One of these words of 8 bytes lies inside any 20 digits in a row.
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
		i = to - 8 // so that no digit counts twice
	}
	return false
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
