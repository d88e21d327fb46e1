package protocol

import (
	"cmp"
	"errors"
	"math"
	"strconv"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// A Reply is one message of a server in dialect cogbus.v1. Its fields refer to
// the text that was parsed.
type Reply struct {
	ID     uint64      // of the call; 0 if the message is about no call
	OK     []byte      // JSON text of the result, nil if there is none
	Err    *wire.Error // the error of the call, or of a message without an id
	GoAway []byte      // JSON text of the goaway, nil if it is none
	Body   []byte      // JSON text of a challenge or a welcome
	Hello  ReplyVerb
}

// A ReplyVerb tells the two messages of a server's handshake apart.
type ReplyVerb uint8

// The messages of a server's handshake.
const (
	NoHandshake ReplyVerb = iota
	Challenge             // asks for a proof
	Welcome               // ends the handshake
)

// Parse reads the text of one message into r. The error is an [wire.Error] with code
// [wire.BadRequest]. A message of a later protocol, for which a Reply has no fields, is
// no error: ignore it.
func (r *Reply) Parse(text []byte) error {
	*r = Reply{}
	var id, fail once
	verbs := 0
	err := jsontext.Members(text, func(key, value []byte) error {
		switch string(key) {
		case "id":
			return id.set("id", value)
		case "ok":
			r.OK = value
		case "err":
			fail.value = value
		case "goaway":
			r.GoAway = value
		case "challenge":
			r.Hello, r.Body = Challenge, value
		case "welcome":
			r.Hello, r.Body = Welcome, value
		default:
			return nil
		}
		if verbs++; verbs > 1 {
			return errVerbs
		}
		return nil
	})
	if err != nil {
		return badMessage(err)
	}
	if id.value != nil {
		n, valid := parseID(id.value)
		if !valid {
			return wire.Errorf(wire.BadRequest, `a reply's "id" is %.40s`, id.value)
		}
		r.ID = n
	}
	if fail.value != nil {
		r.Err, err = parseError(fail.value)
	}
	return err
}

func parseError(text []byte) (*wire.Error, error) {
	var e errorText
	if text[0] != '{' || codec.DecodeExact(text, &e) != nil {
		return nil, wire.Errorf(wire.BadRequest, `a reply's "err" is %.100s`, text)
	}
	err := &wire.Error{Code: cmp.Or(e.Code, wire.Internal), Message: e.Message, NotRun: e.Ran != nil && !*e.Ran}
	if e.Retry > 0 {
		err.RetryAfter = time.Duration(min(e.Retry, math.MaxInt64/int64(time.Millisecond))) * time.Millisecond
	}
	return err, nil
}

// errorText is an Error on the wire.
type errorText struct {
	Code    wire.Code `json:"code"`
	Message string    `json:"message,omitempty"`
	Retry   int64     `json:"retry_ms,omitempty"`
	Ran     *bool     `json:"ran,omitempty"` // nil: nobody knows
}

// AppendResultHead appends the text before the result of call id. AppendResultTail ends
// the reply.
func AppendResultHead(dst []byte, id uint64) []byte {
	dst = append(dst, `{"id":`...)
	dst = strconv.AppendUint(dst, id, 10)
	return append(dst, `,"ok":`...)
}

// AppendResultTail appends the text behind a result.
func AppendResultTail(dst []byte) []byte { return append(dst, '}') }

// AppendError appends the reply that call id has failed, or, if id is 0, that a message
// was invalid. If err is no [wire.Error], the reply has no text of it.
func AppendError(dst []byte, id uint64, err error) []byte {
	dst = append(dst, '{')
	if id != 0 {
		dst = append(dst, `"id":`...)
		dst = strconv.AppendUint(dst, id, 10)
		dst = append(dst, ',')
	}
	dst = append(dst, `"err":{"code":`...)
	e, ok := errors.AsType[*wire.Error](err)
	if !ok {
		e = &wire.Error{Code: wire.Internal, Message: "the handler failed; the bot's log tells why"}
		if isNotSerialisable(err) {
			e.Message = "the handler returned a value that JSON cannot hold"
		}
	}
	dst = jsontext.AppendQuote(dst, string(wire.CodeOf(e)))
	if e.Message != "" {
		dst = append(dst, `,"message":`...)
		dst = jsontext.AppendQuote(dst, e.Message)
	}
	if e.RetryAfter > 0 {
		dst = append(dst, `,"retry_ms":`...)
		dst = strconv.AppendInt(dst, ceilMS(e.RetryAfter), 10)
	}
	if e.NotRun {
		dst = append(dst, `,"ran":false`...)
	}
	return append(dst, "}}"...)
}

// AppendGoAway appends the notice that the server will close: it refuses new calls, and
// answers the calls in flight.
func AppendGoAway(dst []byte, reason string) []byte {
	dst = append(dst, `{"goaway":{"reason":`...)
	dst = jsontext.AppendQuote(dst, reason)
	return append(dst, "}}"...)
}
