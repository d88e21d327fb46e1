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

// A Codec encodes and decodes the values of one type as JSON. It uses a fast library for
// types on which that library behaves exactly like encoding/json, and encoding/json for
// all others.
type Codec struct {
	raw  bool // the type is json.RawMessage: the text passes unchanged
	flat *flat
	fit  fitness
}

// codecs holds the results of Of, by reflect.Type. Without it every call would spend some
// microseconds on looking at its type.
var codecs sync.Map

// Of returns the codec of T. Only the first Of for a type takes long.
func Of[T any]() Codec {
	t := reflect.TypeFor[T]()
	if known, ok := codecs.Load(t); ok {
		return known.(Codec)
	}
	c := Codec{raw: t == reflect.TypeFor[stdjson.RawMessage](), flat: flatOf(t), fit: fitnessOf(t)}
	codecs.Store(t, c)
	return c
}

// Flat reports whether the type is a struct of only strings, booleans, integers and
// snowflakes. A value of such a type may be used again for another request, since no
// other value can refer to its parts.
func (c Codec) Flat() bool { return c.flat != nil }

// Append appends the JSON text of *value, where value is a pointer to the codec's type.
// Its error is always a [NotSerialisable].
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
		// Find a text that callers could not read here, so that they do not get it.
		err = jsontext.Check(text)
	}
	if err != nil {
		return dst, NotSerialisable{err}
	}
	return append(dst, text...), nil
}

// Decode decodes JSON text into value, a pointer to the codec's type. An empty text
// leaves value as it is. No part of value refers to text afterwards.
//
// Its error is a [wire.Error] with code [wire.BadRequest] that names the field. Then
// Decode may have set some fields of value.
//
// Numbers in untyped data become json.Number and keep every digit. Struct fields match by
// their exact names, with two exceptions in which upper and lower case do not matter:
//
//   - The type has arrays or json.Number.
//   - The type holds untyped data or maps of strings, and the text has more than 10,000
//     arrays and objects, or more than 32 levels of them.
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
		// The fast decoder lets some integers of 20 digits wrap around.
		fresh := reflect.New(reflect.TypeOf(value).Elem()).Interface()
		if err := stdjson.Unmarshal(text, fresh); err != nil {
			return decodeError(text, value, err)
		}
	}
	return nil
}

// DecodeExact decodes with the fast library, which recurses. So text must not nest deeper
// than a jsontext.Scanner accepts.
func DecodeExact(text []byte, value any) error {
	rest, err := json.Parse(text, value, json.UseNumber|json.DontMatchCaseInsensitiveStructFields)
	if err == nil && len(rest) > 0 {
		return jsontext.ErrSyntax
	}
	return err
}

func decodeStandard(text []byte, value any) error {
	if err := jsontext.Check(text); err != nil { // a Decoder ignores text behind the value
		return decodeError(text, value, err)
	}
	d := stdjson.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err := d.Decode(value); err != nil {
		return decodeError(text, value, err)
	}
	return nil
}

// decodeError returns the error for a text that does not fit the type of value. It asks
// encoding/json, because that names the field; an error of the fast decoder quotes the rest
// of the text.
func decodeError(text []byte, value any, err error) error {
	fresh := reflect.New(reflect.TypeOf(value).Elem()).Interface()
	if e := stdjson.Unmarshal(text, fresh); e != nil {
		err = e
	}
	if isForeign(err) {
		return foreignError(err)
	}
	if known := knownError(err); known != nil {
		return known
	}
	if jsontext.Check(text) == nil && !stdjson.Valid(text) {
		return wire.Errorf(wire.BadRequest, "data: NaN and Infinity fit raw data alone")
	}
	return wire.Errorf(wire.BadRequest, "data: %.200v", err)
}

// NotSerialisable is the error for a value that JSON cannot hold, such as a NaN in a
// struct or a cycle. The ipcx dialect answers it with the Python package's own text.
type NotSerialisable struct{ Err error }

// Error returns the reason.
func (e NotSerialisable) Error() string { return "encode: " + e.Err.Error() }

// Unwrap returns the encoder's error.
func (e NotSerialisable) Unwrap() error { return e.Err }
