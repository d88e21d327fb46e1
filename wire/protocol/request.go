package protocol

import (
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// MaxID is the largest id of a call. Larger ones would need big integers in JavaScript.
const MaxID = 1 << 53

// A Verb is the purpose of a message of dialect cogbus.v1.
type Verb uint8

// The verbs of a client.
const (
	VerbUnknown Verb = iota // no known verb
	VerbHello               // opens the handshake
	VerbProof               // proves that the client knows the secret
	VerbCall                // calls a route
	VerbCancel              // gives a call up
)

// A Request is one message of a client in dialect cogbus.v1. Its fields refer
// to the text that was parsed.
type Request struct {
	Verb     Verb
	ID       uint64        // of calls and cancels; 0 if missing
	Endpoint []byte        // of a call
	Data     []byte        // of a call: JSON text, nil if missing
	Timeout  time.Duration // of a call: the time for which the caller waits; 0 if not said
	Body     []byte        // of hello and proof: the verb's value
}

// Parse reads the text of one message into r. The error is an [wire.Error] with code
// [wire.BadRequest]. r.ID is set if the text has an id, so that the answer finds its
// caller. Parse ignores unknown members, since later versions add members.
func (r *Request) Parse(text []byte) error {
	*r = Request{}
	var id, call, data, ms once
	var wrong error
	err := jsontext.Members(text, func(key, value []byte) error {
		var err error
		switch string(key) { // no escapes in keys: see docs/protocol.md
		case "id":
			err = id.set("id", value)
		case "call":
			call.value = value
			err = r.verb(VerbCall)
		case "data":
			err = data.set("data", value)
		case "ms":
			err = ms.set("ms", value)
		case "cancel":
			err = r.verb(VerbCancel)
		case "hello":
			r.Body = value
			err = r.verb(VerbHello)
		case "proof":
			r.Body = value
			err = r.verb(VerbProof)
		}
		if wrong == nil {
			wrong = err // reads on, since the id may come behind
		}
		return nil
	})
	if err == nil {
		err = wrong
	}
	if id.value != nil {
		n, ok := parseID(id.value)
		if !ok && err == nil {
			err = wire.Errorf(wire.BadRequest, `"id" must be a whole number from 1 to 2^53`)
		}
		r.ID = n
	}
	if err != nil {
		return badMessage(err)
	}
	switch r.Verb {
	case VerbCall:
		return r.parseCall(call.value, data.value, ms.value)
	case VerbCancel:
		if r.ID == 0 {
			return wire.Errorf(wire.BadRequest, `"cancel" needs an "id"`)
		}
	}
	return nil
}

// verb sets the verb of the message, of which it may have only one.
func (r *Request) verb(v Verb) error {
	if r.Verb != VerbUnknown {
		return errVerbs
	}
	r.Verb = v
	return nil
}

func (r *Request) parseCall(call, data, ms []byte) error {
	if r.ID == 0 {
		return wire.Errorf(wire.BadRequest, `"call" needs an "id"`)
	}
	var ok bool
	if r.Endpoint, ok = jsontext.StringValue(call); !ok {
		return wire.Errorf(wire.BadRequest, `"call" must be a string`)
	}
	r.Data = data
	if ms != nil {
		n, err := strconv.ParseFloat(string(ms), 64)
		if err != nil && !errors.Is(err, strconv.ErrRange) || !(n > 0) {
			return wire.Errorf(wire.BadRequest, `"ms" must be a positive number`)
		}
		// a longer wait counts as no limit
		if d := n * float64(time.Millisecond); d < math.MaxInt64/2 {
			r.Timeout = max(time.Duration(d), 1)
		}
	}
	return nil
}

func parseID(text []byte) (uint64, bool) {
	var n uint64
	for _, c := range text {
		if c < '0' || c > '9' || n > MaxID {
			return 0, false
		}
		n = n*10 + uint64(c-'0')
	}
	if n == 0 || n > MaxID {
		return 0, false
	}
	return n, true
}

// AppendCall appends a call. data is JSON text and may be nil. The timeout is rounded
// up to milliseconds. Zero is left out; a negative one, which has passed, becomes one
// millisecond.
func AppendCall(dst []byte, id uint64, endpoint string, data []byte, timeout time.Duration) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	dst = append(dst, `,"call":`...)
	dst = jsontext.AppendQuote(dst, endpoint)
	if data != nil {
		dst = append(dst, `,"data":`...)
		dst = append(dst, data...)
	}
	if timeout != 0 {
		dst = append(dst, `,"ms":`...)
		dst = strconv.AppendInt(dst, max(1, ceilMS(timeout)), 10)
	}
	return append(dst, '}')
}

// AppendCancel appends the message that gives up call id. The call is answered even so.
func AppendCancel(dst []byte, id uint64) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	return append(dst, `,"cancel":true}`...)
}

// ceilMS returns d in milliseconds, rounded up.
func ceilMS(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return ms
}
