package instance

import (
	"fmt"
	"reflect"

	"github.com/cogbus/cogbus/internal/clip"
)

// A Panic is the error of a handler, a task or a Setup that panicked.
type Panic struct {
	Value any    // the argument of panic
	Stack []byte // of the goroutine that panicked, as runtime/debug.Stack returns it

	text string // of Value, asked when the panic was recovered
}

// Error returns the text of the value, clipped if it is long; the stack is for the log.
// If the value is neither an error, nor a fmt.Stringer, nor a text or a number, it is the
// name of its type. A value that is an error is not in p's tree: a panic is never an
// answer.
func (p *Panic) Error() string {
	if p.text != "" {
		return "panic: " + p.text
	}
	return "panic: " + textOf(p.Value)
}

// newPanic returns the error of a panic with v. It waits for the methods of v, for at
// most lookTime.
func newPanic(v any, stack []byte) *Panic { return &Panic{Value: v, Stack: stack, text: textOf(v)} }

// settled reports whether p's text is known, or the value is one.
func (p *Panic) settled() bool {
	_, ok := p.Value.(string)
	return ok || p.text != ""
}

// textOf returns what was passed to panic as text, clipped if that is long. Of a value
// that is neither an error, nor a fmt.Stringer, nor a text or a number it is the type.
func textOf(v any) string {
	if isBare(v) {
		return bareText(v)
	}
	if p, ok := v.(*Panic); ok && p != nil { // of user code, and perhaps its own value
		return "a panic"
	}
	text, why := look(func() string {
		if err, ok := v.(error); ok {
			return err.Error()
		}
		return v.(fmt.Stringer).String()
	})
	if why != "" {
		text = fmt.Sprintf("a %T whose text %s", v, why)
	}
	return clip.Text(text, clip.Most)
}

// isBare reports whether no method of v is user code.
func isBare(v any) bool {
	left := maxTree
	switch v := v.(type) {
	case error:
		return packageOf(v) == "runtime" || harmless(v, &left)
	case fmt.Stringer:
		return false
	}
	return true
}

// bareText returns v as text without a call of a method that is user code. What holds
// other values is not looked into: it may be changing, or hold itself.
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
