package codec

import (
	"bytes"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"

	"github.com/segmentio/encoding/json"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// A Codec encodes and decodes the values of one type as JSON. It takes a fast
// library where that does what encoding/json does, and encoding/json for the
// rest.
type Codec struct {
	raw  bool // a json.RawMessage passes byte for byte
	flat *flat
	fit  fitness
}

// codecs holds what Of found, by reflect.Type: looking at a type takes
// microseconds, which every call would pay.
var codecs sync.Map

// Of returns the codec of T. Only the first time for a type takes long.
func Of[T any]() Codec {
	t := reflect.TypeFor[T]()
	if known, ok := codecs.Load(t); ok {
		return known.(Codec)
	}
	c := Codec{raw: t == reflect.TypeFor[stdjson.RawMessage](), flat: flatOf(t), fit: fitnessOf(t)}
	codecs.Store(t, c)
	return c
}

// Flat reports whether the type is a struct of strings, booleans, integers and
// snowflakes alone: then a value that was used may be used again, since nothing can
// refer to it.
func (c Codec) Flat() bool { return c.flat != nil }

// Append appends the JSON text of *value, where value is a pointer to the
// codec's type. The error is one of [NotSerialisable].
func (c Codec) Append(dst []byte, value any) ([]byte, error) {
	switch {
	case c.raw:
		raw := *value.(*stdjson.RawMessage)
		if raw == nil {
			return append(dst, "null"...), nil
		}
		if err := jsontext.Check(raw); err != nil {
			return dst, NotSerialisable{fmt.Errorf("raw data: %w", err)}
		}
		return append(dst, raw...), nil
	case c.fit.encode:
		out, err := json.Append(dst, value, json.SortMapKeys)
		if err != nil {
			return dst, NotSerialisable{err}
		}
		return out, nil
	}
	text, err := stdjson.Marshal(value)
	if err == nil {
		// what callers could not read back is found here and not by them
		err = jsontext.Check(text)
	}
	if err != nil {
		return dst, NotSerialisable{err}
	}
	return append(dst, text...), nil
}

// Decode decodes JSON text into value, a pointer to the codec's type. Numbers
// in untyped data become json.Number and keep every digit; struct fields match
// by their exact names, save that encoding/json takes them in any case in types
// with arrays or json.Number, and, where a type holds untyped data or maps of
// strings, in a text of more than 10,000 arrays and objects, or more than 32
// levels of them. Empty text is no data: value stays as it is. The error is an
// [wire.Error] with code [wire.BadRequest] that names the field; value may then be filled
// in part. Nothing of value refers to text afterwards.
func (c Codec) Decode(text []byte, value any) error {
	if c.raw {
		if len(text) == 0 {
			text = []byte("null")
		}
		*value.(*stdjson.RawMessage) = bytes.Clone(text)
		return nil
	}
	if len(text) == 0 {
		return nil
	}
	if c.flat != nil && c.flat.decode(text, value) {
		return nil
	}
	if mayNestDeep(text) && errors.Is(jsontext.Check(text), jsontext.ErrDepth) {
		return wire.Errorf(wire.BadRequest, "data: %v", jsontext.ErrDepth)
	}
	if !c.fit.decodes(text) {
		return decodeStandard(text, value)
	}
	if err := DecodeExact(text, value); err != nil {
		return decodeError(text, value, err)
	}
	if c.fit.wide && hasLongNumber(text) {
		// the fast decoder lets some integers of 20 digits wrap around
		fresh := reflect.New(reflect.TypeOf(value).Elem()).Interface()
		if err := stdjson.Unmarshal(text, fresh); err != nil {
			return decodeError(text, value, err)
		}
	}
	return nil
}

// DecodeExact decodes with the fast library. It recurses: text must not nest
// deeper than a jsontext.Scanner lets pass.
func DecodeExact(text []byte, value any) error {
	rest, err := json.Parse(text, value, json.UseNumber|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		return jsontext.ErrSyntax
	}
	return err
}

func decodeStandard(text []byte, value any) error {
	if err := jsontext.Check(text); err != nil { // a Decoder ignores what follows a value
		return decodeError(text, value, err)
	}
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(value); err != nil {
		return decodeError(text, value, err)
	}
	return nil
}

// decodeError says what is wrong with text for the type of value. The fast
// decoder's errors quote the rest of the text; encoding/json names the field.
func decodeError(text []byte, value any, err error) error {
	fresh := reflect.New(reflect.TypeOf(value).Elem()).Interface()
	if e := stdjson.Unmarshal(text, fresh); e != nil {
		err = e
	}
	if coded, ok := errors.AsType[*wire.Error](err); ok {
		return coded
	}
	if wrong, ok := errors.AsType[*stdjson.UnmarshalTypeError](err); ok {
		if wrong.Field != "" {
			return wire.Errorf(wire.BadRequest, "field %.100q: %.100s does not fit %s", wrong.Field, wrong.Value, wrong.Type)
		}
		return wire.Errorf(wire.BadRequest, "data: %.100s does not fit %s", wrong.Value, wrong.Type)
	}
	if jsontext.Check(text) == nil && !stdjson.Valid(text) {
		return wire.Errorf(wire.BadRequest, "data: NaN and Infinity fit raw data alone")
	}
	return wire.Errorf(wire.BadRequest, "data: %.200v", err)
}

// NotSerialisable is the error of a value that JSON cannot hold, such as a NaN
// in a struct or a cycle. The Python package has a text of its own for it.
type NotSerialisable struct{ Err error }

// Error returns the reason.
func (e NotSerialisable) Error() string { return "encode: " + e.Err.Error() }

// Unwrap returns the encoder's error.
func (e NotSerialisable) Unwrap() error { return e.Err }
