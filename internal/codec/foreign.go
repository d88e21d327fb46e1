package codec

import (
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/cogbus/cogbus/internal/foreign"
	"github.com/cogbus/cogbus/wire"
)

// foreignError returns the error for a caller after an UnmarshalJSON of user code has
// refused its data with err. If the methods of err, which are user code too, do not say
// why, the caller gets the type of err alone.
func foreignError(err error) error {
	out, _, _ := foreign.Ask(func() error {
		if !foreign.TreeEnds(err) {
			return nil
		}
		if known := knownError(err); known != nil {
			return known
		}
		return wire.Errorf(wire.BadRequest, "data: %.200s", err.Error())
	})
	if out == nil {
		out = typeOnly(err)
	}
	return out
}

func typeOnly(err error) error {
	return wire.Errorf(wire.BadRequest, "data: the type refuses it with a %.100s", fmt.Sprintf("%T", err))
}

// knownError returns the message of a decoder's error for a caller. It returns nil if no
// decoder has made err.
func knownError(err error) error {
	if coded, ok := errors.AsType[*wire.Error](err); ok {
		own := *coded // user code may change its own
		return &own
	}
	wrong, ok := errors.AsType[*stdjson.UnmarshalTypeError](err)
	switch {
	case !ok:
		return nil
	case wrong.Field != "":
		return wire.Errorf(wire.BadRequest, "field %.100q: %.100s does not fit %s", wrong.Field, wrong.Value, wrong.Type)
	}
	return wire.Errorf(wire.BadRequest, "data: %.100s does not fit %s", wrong.Value, wrong.Type)
}

// isForeign reports whether a method of err may be user code: its type is of none of the
// packages that decode, or wraps another error, which may be of user code.
func isForeign(err error) bool {
	switch err.(type) { //nolint:errorlint // this is about err itself
	case interface{ Unwrap() error }, interface{ Unwrap() []error }:
		return true
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch p := t.PkgPath(); {
	case p == "encoding/json", p == "errors", p == "io", p == "time", p == "encoding/base64":
		return false
	case strings.HasSuffix(p, "segmentio/encoding/json"):
		return false
	}
	return true
}
