package instance

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// This file looks at what user code gives: errors, and what it panics with. Their
// methods are user code too: they may panic, call runtime.Goexit or never return, and
// whoever looks later has no limit. So all that the bot needs to know of them is asked
// once, here.

// lookTime is how long the methods of an error, or of what was passed to panic, may
// take together.
const lookTime = time.Second

// maxTree is how many errors the tree of one error may have. One that unwraps to itself
// has no end.
const maxTree = 1000

// An examined error is an error of user code about which everything is known that the
// bot asks. Only who asks for other types or errors gets to the error itself.
type examined struct {
	err   error // nil: nobody is to look at it any more
	text  string
	name  string // of its type, for error objects
	wire  *wire.Error
	panic *Panic
	json  *codec.NotSerialisable

	late, canceled bool // it is one of the errors of package context
}

// Error returns the text, clipped.
func (e *examined) Error() string { return e.text }

// TypeName returns what codec.TypeName is to say of the error.
func (e *examined) TypeName() string { return e.name }

// Original returns the error itself, if others may look at it. It is for those who asked
// for it: their own code.
func (e *examined) Original() error {
	if e.err == nil {
		return e
	}
	return e.err
}

// Is answers for the error's tree.
func (e *examined) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.late
	case context.Canceled:
		return e.canceled
	}
	return e.err != nil && errors.Is(e.err, target)
}

// As answers for the error's tree.
func (e *examined) As(target any) bool {
	switch t := target.(type) {
	case **wire.Error:
		return give(t, e.wire)
	case **Panic:
		return give(t, e.panic)
	case *codec.NotSerialisable:
		if e.json == nil {
			return false
		}
		*t = *e.json
		return true
	}
	return e.err != nil && errors.As(e.err, target)
}

func give[T any](to **T, v *T) bool {
	if v != nil {
		*to = v
	}
	return v != nil
}

// tame returns an error that others can look at, in place of one that user code gave:
// err itself if no method of it is user code, and else one that has asked err what it
// says. If a method panics, or calls runtime.Goexit, it is a *Panic. tame waits for the
// methods of err, for at most lookTime.
func tame(err error) error {
	if err == nil {
		return nil
	}
	if left := maxTree; harmless(err, &left) {
		return examine(err, false)
	}
	out, why := look(func() error { return examine(err, true) })
	switch why {
	case "":
		return out
	case hangs:
		return &examined{text: clip.Text(fmt.Sprintf("an error whose text hangs: it is a %T", err), clip.Most), name: nameOf(err)}
	}
	return &Panic{Value: clip.Text(fmt.Sprintf("a method of the %T that was returned %s", err, why), clip.Most)}
}

// harmless reports whether the methods of all of err's tree, which has at most left
// errors, are not user code.
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

// packageOf returns the path of the package whose type v is, or points to; "" if v is
// a nil pointer, whose methods panic.
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

// examine returns err if it is neither foreign, nor long, nor says what must not be
// passed on; else it asks err for all that others will want to know.
func examine(err error, foreign bool) error {
	if e, ok := err.(*wire.Error); ok && !foreign && len(e.Message) <= clip.Most && validCode(e.Code) { //nolint:errorlint // most errors are one
		return err
	}
	if e, ok := err.(*examined); ok { //nolint:errorlint // this is about err itself
		return e
	}
	if left := maxTree; !ends(err, &left) {
		return &examined{text: clip.Text(fmt.Sprintf("an error whose tree has no end: it is a %T", err), clip.Most), name: nameOf(err)}
	}
	e := &examined{err: err, text: clip.Text(err.Error(), clip.Most), name: clip.Text(codec.TypeName(err), maxName)}
	if w, ok := errors.AsType[*wire.Error](err); ok {
		if !validCode(w.Code) {
			e.text = clip.Text(fmt.Sprintf("the error that was returned has the code %.*q, and a code is 1 to %d of a to z, 0 to 9 and _: %s", maxCode, w.Code, maxCode, w.Message), clip.Most)
			e.err = nil
			return e
		}
		own := *w // user code may change its own
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
	if !foreign && len(e.text) <= clip.Most {
		return err
	}
	return e
}

// ends reports whether err's tree has at most left errors.
func ends(err error, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	switch u := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if e := u.Unwrap(); e != nil {
			return ends(e, left)
		}
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if e != nil && !ends(e, left) {
				return false
			}
		}
	}
	return true
}

// nameOf names the type of an error without a call of its methods.
func nameOf(err error) string {
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[") // as codec.TypeName
	return clip.Text(name, maxName)
}

// hangs is what look says of a function that does not return.
const hangs = "hangs"

// look returns what f returns. f runs on a goroutine that is left behind if it has not
// ended after lookTime. why says what f does instead of returning, "" if it has.
func look[T any](f func() T) (out T, why string) {
	type outcome struct {
		out T
		why string
	}
	told := make(chan outcome, 1)
	go func() { // ends with f, if ever
		o := outcome{why: "calls runtime.Goexit"}
		defer func() {
			if v := recover(); v != nil {
				o.why = "panics: " + bareText(v)
			}
			told <- o
		}()
		v := f()
		o = outcome{out: v}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), lookTime)
	defer cancel()
	select {
	case o := <-told:
		return o.out, o.why
	case <-ctx.Done():
	}
	select {
	case o := <-told: // both at once: then it was in time
		return o.out, o.why
	default:
		return out, hangs
	}
}
