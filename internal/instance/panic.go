package instance

import "fmt"

// A Panic is the error of a handler, a task or a Setup that panicked.
type Panic struct {
	Value any    // the argument of panic
	Stack []byte // of the goroutine that panicked, as runtime/debug.Stack returns it
}

// Error returns the value; the stack is for the log. A value that is an error is
// not in p's tree: a panic is never an answer.
func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }
