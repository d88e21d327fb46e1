package protocol

import (
	"errors"
	"fmt"

	"github.com/cogbus/cogbus/wire"
)

// once holds a member that may stand in an object at most once: two readers
// that take the first and the last of two would see different requests.
type once struct{ value []byte }

func (o *once) set(name string, value []byte) error {
	if o.value != nil {
		return fmt.Errorf("%q stands twice in one object", name)
	}
	o.value = value
	return nil
}

// errVerbs is what is wrong with a message that is for two things.
var errVerbs = errors.New("more than one verb in one message")

// badMessage turns what is wrong with a message into an *Error.
func badMessage(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.Errorf(wire.BadRequest, "the message is bad: %v", err)
}
