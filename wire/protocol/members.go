package protocol

import (
	"errors"
	"fmt"

	"github.com/cogbus/cogbus/wire"
)

// once holds a member that may be in an object only once. Otherwise two readers, of
// which one takes the first and the other the last, would see different requests.
type once struct{ value []byte }

func (o *once) set(name string, value []byte) error {
	if o.value != nil {
		return fmt.Errorf("%q stands twice in one object", name)
	}
	o.value = value
	return nil
}

// errVerbs is the error of a message with two verbs.
var errVerbs = errors.New("more than one verb in one message")

// badMessage turns the error of a message into an *Error.
func badMessage(err error) error {
	if err == nil {
		return nil
	}
	if e, ok := errors.AsType[*wire.Error](err); ok {
		return e
	}
	return wire.Errorf(wire.BadRequest, "the message is bad: %v", err)
}
