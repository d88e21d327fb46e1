package instance

import (
	"fmt"
	"reflect"

	"github.com/cogbus/cogbus/internal/clip"
	"github.com/cogbus/cogbus/internal/foreign"
)

// A Panic is the error of a handler, a task or a Setup that has panicked. Endpoint.Serve
// recovers the panics of handlers, listeners and ticks, Endpoint.Prepare those of keys,
// and guard (errand.go) all others.
type Panic struct {
	Value any    // the argument of panic
	Stack []byte // the stack of the goroutine that panicked, in the form of runtime/debug.Stack

	text string // the text of Value, read when the panic was recovered
}

// Error returns the text of Value, clipped if it is long; the stack is for the log. If
// Value is neither an error, nor a fmt.Stringer, nor a string, nor a number, its text is
// the name of its type. If Value is an error, it does not belong to p's tree: a caller
// never gets the error of a panic as an answer.
func (p *Panic) Error() string {
	if p.text != "" {
		return "panic: " + p.text
	}
	return "panic: " + textOf(p.Value)
}

// newPanic returns the error of a panic with the value v. It waits for the methods of v,
// for at most foreign.Limit.
func newPanic(v any, stack []byte) *Panic { return &Panic{Value: v, Stack: stack, text: textOf(v)} }

// settled reports whether p's text is known, or Value is a string.
func (p *Panic) settled() bool {
	_, ok := p.Value.(string)
	return ok || p.text != ""
}

// textOf returns the text of a value that was passed to panic, clipped if it is long. If
// the value is neither an error, nor a fmt.Stringer, nor a string, nor a number, the text
// is the name of its type.
func textOf(v any) string {
	if isBare(v) {
		return bareText(v)
	}
	if p, ok := v.(*Panic); ok && p != nil { // user code made it, and its Value may be itself
		return "a panic"
	}
	text, end, why := foreign.Ask(func() string {
		if err, ok := v.(error); ok {
			return err.Error()
		}
		return v.(fmt.Stringer).String()
	})
	if end != foreign.Returned {
		text = fmt.Sprintf("a %T whose text %s", v, reason(end, why))
	}
	return clip.Text(text, clip.Most)
}

// isBare reports whether no method of v is user code.
func isBare(v any) bool {
	left := foreign.MaxTree
	switch v := v.(type) {
	case error:
		return packageOf(v) == "runtime" || harmless(v, &left)
	case fmt.Stringer:
		return false
	}
	return true
}

// bareText returns the text of v, and calls no method that is user code. It does not look
// into values that hold other values: these may change meanwhile, or hold themselves.
func bareText(v any) string {
	if err, ok := v.(error); ok && isBare(v) {
		return clip.Text(err.Error(), clip.Most)
	}
	switch r := reflect.ValueOf(v); r.Kind() {
	case reflect.Invalid:
		return "nil"
	case reflect.String:
		return clip.Text(r.String(), clip.Most)
	case reflect.Bool:
		return fmt.Sprint(r.Bool())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		return fmt.Sprint(r.Int())
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		return fmt.Sprint(r.Uint())
	case reflect.Float32, reflect.Float64:
		return fmt.Sprint(r.Float())
	}
	return clip.Text(fmt.Sprintf("a value of type %T", v), clip.Most)
}
