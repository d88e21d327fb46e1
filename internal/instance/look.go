package instance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/foreign"
	"github.com/cogbus/cogbus/wire"
)

// This file examines the errors that user code returns and the values that it panics with.
// Their methods are user code too: they may panic, call runtime.Goexit or never return.
// Code of the bot that uses an error later has no time limit for that. So this file asks an
// error once, within a limit, for everything that the bot needs to know of it.

// tame returns an error that the bot can use in place of err, which user code returned. It
// returns err itself if none of its methods is user code, and otherwise an examined error.
// If a method panics or calls runtime.Goexit, it returns a *Panic. tame waits for the
// methods of err, for at most foreign.Limit.
func tame(err error) error {
	if err == nil {
		return nil
	}
	if left := foreign.MaxTree; harmless(err, &left) {
		return examine(err, false)
	}
	out, end, v := foreign.Ask(func() error { return examine(err, true) })
	switch end {
	case foreign.Returned:
		return out
	case foreign.Hung:
		return &examined{text: clip.Text(fmt.Sprintf("an error whose text hangs: it is a %T", err), clip.Most), name: nameOf(err)}
	}
	return &Panic{Value: clip.Text(fmt.Sprintf("a method of the %T that was returned %s", err, reason(end, v)), clip.Most)}
}

// harmless reports whether no method in the tree of err is user code. It counts the errors
// of the tree down from left, and reports false if there are more.
func harmless(err error, left *int) bool {
	if *left--; *left < 0 || err == nil {
		return false
	}
	switch e := err.(type) { //nolint:errorlint // this walks the tree itself
	case *wire.Error:
		return e != nil
	case *Panic:
		return e != nil && e.settled()
	case *examined:
		return true
	}
	if err == context.Canceled || err == context.DeadlineExceeded { //nolint:errorlint // likewise
		return true
	}
	if p := packageOf(err); p != "errors" && p != "fmt" {
		return false
	}
	switch u := err.(type) { //nolint:errorlint // likewise
	case interface{ Unwrap() error }:
		return harmless(u.Unwrap(), left)
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if !harmless(e, left) {
				return false
			}
		}
	}
	return true
}

// packageOf returns the path of the package that defines the type of v, or the type that v
// points to. It returns "" for a nil pointer, whose methods panic.
func packageOf(v any) string {
	r := reflect.ValueOf(v)
	if r.Kind() == reflect.Pointer {
		if r.IsNil() {
			return ""
		}
		r = r.Elem()
	}
	return r.Type().PkgPath()
}

// examine asks err for everything that the bot needs to know, and returns an examined
// error. It returns err itself if no method of err is user code, its text is short, and
// its code, if it has one, is valid. userCode tells that methods of err are user code.
func examine(err error, userCode bool) error {
	if e, ok := err.(*wire.Error); ok && !userCode && len(e.Message) <= clip.Most && validCode(e.Code) { //nolint:errorlint // most errors are one
		return err
	}
	if e, ok := err.(*examined); ok { //nolint:errorlint // this is about err itself
		return e
	}
	if !foreign.TreeEnds(err) {
		return &examined{text: clip.Text(fmt.Sprintf("an error whose tree has no end: it is a %T", err), clip.Most), name: nameOf(err)}
	}
	e := &examined{err: err, text: clip.Text(err.Error(), clip.Most), name: clip.Text(codec.TypeName(err), maxName)}
	if w, ok := errors.AsType[*wire.Error](err); ok {
		if !validCode(w.Code) {
			e.text = clip.Text(fmt.Sprintf("the returned error has the code %.*q, and a code has only 1 to %d of the characters a to z, 0 to 9 and _: %s", maxCode, w.Code, maxCode, w.Message), clip.Most)
			e.err = nil
			return e
		}
		own := *w // a copy, since user code may still change the original
		e.wire = &own
	}
	if p, ok := errors.AsType[*Panic](err); ok {
		e.panic = p
		if p.text == "" {
			e.panic = newPanic(p.Value, p.Stack)
		}
	}
	if n, ok := errors.AsType[codec.NotSerialisable](err); ok {
		e.json = &n
	}
	e.late, e.canceled = errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled)
	if !userCode && len(e.text) <= clip.Most {
		return err
	}
	return e
}

// nameOf returns the name of an error's type. It calls no method of the error.
func nameOf(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[") // as codec.TypeName
	return clip.Text(name, maxName)
}

// reason returns how a method that has not returned has ended. v is the argument of panic.
func reason(end foreign.End, v any) string {
	switch end {
	case foreign.Panicked:
		return "panics: " + bareText(v)
	case foreign.Exited:
		return "calls runtime.Goexit"
	}
	return "hangs"
}
