package wire

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/segmentio/encoding/json"
)

// A Codec encodes and decodes the values of one type as JSON. It takes a fast
// library where that does what encoding/json does, and encoding/json for the
// rest. Make one for each type and keep it: [CodecOf] looks at the type.
type Codec struct {
	raw  bool // a json.RawMessage passes byte for byte
	fast bool
}

// CodecOf returns the codec of T.
func CodecOf[T any]() Codec {
	t := reflect.TypeFor[T]()
	return Codec{
		raw:  t == reflect.TypeFor[stdjson.RawMessage](),
		fast: isPlain(t, nil),
	}
}

// Append appends the JSON text of *value, where value is a pointer to the
// codec's type. The error is one of [NotSerialisable].
func (c Codec) Append(dst []byte, value any) ([]byte, error) {
	start := len(dst)
	switch {
	case c.raw:
		raw := *value.(*stdjson.RawMessage)
		if raw == nil {
			return append(dst, "null"...), nil
		}
		if err := check(raw); err != nil {
			return dst, NotSerialisable{fmt.Errorf("raw data: %w", err)}
		}
		return append(dst, raw...), nil
	case c.fast:
		out, err := json.Append(dst, value, json.SortMapKeys)
		if err != nil {
			return dst[:start], NotSerialisable{err}
		}
		return out, nil
	}
	text, err := stdjson.Marshal(value)
	if err == nil {
		// what callers could not read back is found here and not by them
		err = check(text)
	}
	if err != nil {
		return dst, NotSerialisable{err}
	}
	return append(dst, text...), nil
}

// Decode decodes JSON text into value, a pointer to the codec's type. Numbers
// in untyped data become json.Number and keep every digit; struct fields match
// by their exact names. Empty text is no data: value stays as it is. The error
// is an [Error] with code [BadRequest] that names the field. Nothing of value
// refers to text afterwards.
func (c Codec) Decode(text []byte, value any) error {
	if c.raw {
		if len(text) == 0 {
			text = []byte("null")
		}
		*value.(*stdjson.RawMessage) = append([]byte(nil), text...)
		return nil
	}
	if len(text) == 0 {
		return nil
	}
	_, err := json.Parse(text, value, json.UseNumber|json.DontMatchCaseInsensitiveStructFields)
	if err == nil {
		return nil
	}
	return decodeError(text, value, err)
}

// decodeError says what is wrong with text for the type of value. The fast
// decoder's errors quote the rest of the text; encoding/json names the field.
func decodeError(text []byte, value any, err error) error {
	fresh := reflect.New(reflect.TypeOf(value).Elem()).Interface()
	if e := stdjson.Unmarshal(text, fresh); e != nil {
		err = e
	}
	var wrong *stdjson.UnmarshalTypeError
	var coded *Error
	switch {
	case errors.As(err, &coded):
		return coded
	case errors.As(err, &wrong) && wrong.Field != "":
		return Errorf(BadRequest, "field %q: %s does not fit %s", wrong.Field, wrong.Value, wrong.Type)
	case errors.As(err, &wrong):
		return Errorf(BadRequest, "data: %s does not fit %s", wrong.Value, wrong.Type)
	}
	return Errorf(BadRequest, "data: %v", err)
}

// NotSerialisable is the error of a value that JSON cannot hold, such as a NaN
// in a struct or a cycle. The Python package has a text of its own for it.
type NotSerialisable struct{ Err error }

// Error returns the reason.
func (e NotSerialisable) Error() string { return "encode: " + e.Err.Error() }

// Unwrap returns the encoder's error.
func (e NotSerialisable) Unwrap() error { return e.Err }

// isPlain reports whether the fast encoder is right for t: it recurses without
// end on cycles, knows no omitzero, and writes durations its own way.
func isPlain(t reflect.Type, above []reflect.Type) bool {
	for _, seen := range above {
		if seen == t {
			return false
		}
	}
	if t == reflect.TypeFor[time.Time]() || t == reflect.TypeFor[stdjson.Number]() {
		return true
	}
	if t == reflect.TypeFor[time.Duration]() {
		return false
	}
	for _, custom := range []reflect.Type{reflect.TypeFor[stdjson.Marshaler](), reflect.TypeFor[interface{ MarshalText() ([]byte, error) }]()} {
		if t.Implements(custom) || reflect.PointerTo(t).Implements(custom) {
			return t == reflect.TypeFor[Snowflake]()
		}
	}
	above = append(above, t)
	switch t.Kind() {
	case reflect.Interface, reflect.Chan, reflect.Func, reflect.Complex64, reflect.Complex128, reflect.UnsafePointer:
		return false
	case reflect.Pointer, reflect.Slice, reflect.Array:
		return isPlain(t.Elem(), above)
	case reflect.Map:
		return isPlain(t.Key(), above) && isPlain(t.Elem(), above)
	case reflect.Struct:
		for i := range t.NumField() {
			f := t.Field(i)
			if f.Anonymous || strings.Contains(f.Tag.Get("json"), ",omitzero") || strings.Contains(f.Tag.Get("json"), ",string") {
				return false
			}
			if f.IsExported() && !isPlain(f.Type, above) {
				return false
			}
		}
	}
	return true
}
