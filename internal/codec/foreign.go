package codec

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// mostErrors is the number of errors that the tree of one error may have.
const mostErrors = 1000

// askTime bounds the methods of an error that an UnmarshalJSON of user code returned.
const askTime = time.Second

// foreignError returns the error for a caller after an UnmarshalJSON of user code has
// refused its data with err. The methods of err are user code too, which may panic, call
// runtime.Goexit, never return, or make a tree without an end. So they run on a goroutine
// that is left behind if they do not return in time; the caller then gets the type alone.
func foreignError(err error) error {
	told := make(chan error, 1)
	go func() { // ends with the methods of err, if ever
		var out error
		defer func() {
			if recover() != nil || out == nil {
				out = typeOnly(err)
			}
			told <- out
		}()
		if !TreeEnds(err, mostErrors) {
			return
		}
		out = knownError(err)
		if out == nil {
			out = wire.Errorf(wire.BadRequest, "data: %.200s", err.Error())
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), askTime)
	defer cancel()
	select {
	case out := <-told:
		return out
	case <-ctx.Done():
		return typeOnly(err)
	}
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

// TreeEnds reports whether err's tree has at most that many errors. An error that unwraps
// to itself has no end. It calls methods of err.
func TreeEnds(err error, most int) bool { return treeEnds(err, &most) }

func treeEnds(err error, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch u := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if e := u.Unwrap(); e != nil {
			return treeEnds(e, left)
		}
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if e != nil && !treeEnds(e, left) {
				return false
			}
		}
	}
	return true
}
