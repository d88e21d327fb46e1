package instance

import (
	"context"
	"errors"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
)

// An examined error takes the place of an error of user code, and holds everything that the
// bot asks of it. Only errors.Is and errors.As with other errors and types call methods of
// the original error.
type examined struct {
	err   error // the original; nil if no code may call its methods any more
	text  string
	name  string // the name of its type, for error objects
	wire  *wire.Error
	panic *Panic
	json  *codec.NotSerialisable

	late, canceled bool // its tree has context.DeadlineExceeded, context.Canceled
}

// Error returns the text of the original error, clipped.
func (e *examined) Error() string { return e.text }

// TypeName returns the name that codec.TypeName gives the original error.
func (e *examined) TypeName() string { return e.name }

// Original returns the original error, or e if no code may call the original's methods. It
// is for the user's own code, which may ask for its own errors.
func (e *examined) Original() error {
	if e.err == nil {
		return e
	}
	return e.err
}

// Is answers for the whole tree of the original error.
func (e *examined) Is(target error) bool {
	switch target {
	case context.DeadlineExceeded:
		return e.late
	case context.Canceled:
		return e.canceled
	}
	return e.err != nil && errors.Is(e.err, target)
}

// As answers for the whole tree of the original error.
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
