package protocol

import (
	"bytes"
	"errors"
	"strconv"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// The texts of the Python package, unchanged.
const (
	textUnauthorized    = "Invalid or no token provided."
	textNoRoute         = "Invalid or no endpoint given."
	textInternal        = "IPC route raised error of type "
	textNotSerialisable = "IPC route returned values which are not able to be sent over sockets. " +
		"If you are trying to send a discord.py object, please only send the data you need."
)

// AppendErrorObject appends err as the Python package sends errors,
//
//	{"error": "IPC route raised error of type KeyError", "code": 500}
//
// An [wire.Error] keeps its text and gets the number of its code; a cog's own code gets
// 500. Of any other error the object has only the type's name.
func AppendErrorObject(dst []byte, err error) []byte {
	var text string
	number := 500
	switch e, ok := errors.AsType[*wire.Error](err); {
	case ok && wire.CodeOf(e) != wire.Internal:
		text, number = e.Message, numberOf(e.Code)
		switch e.Code {
		case wire.Unauthorized:
			text = textUnauthorized
		case wire.NoRoute:
			text = textNoRoute
		}
	case !ok && isNotSerialisable(err):
		text = textNotSerialisable
	default:
		text = textInternal + codec.TypeName(err)
	}
	dst = append(dst, `{"error": `...)
	dst = jsontext.AppendQuote(dst, text)
	dst = append(dst, `, "code": `...)
	dst = strconv.AppendInt(dst, int64(number), 10)
	return append(dst, '}')
}

func numberOf(code wire.Code) int {
	for _, entry := range catalogue {
		if entry.Code == code {
			return entry.Number
		}
	}
	return 500
}

func isNotSerialisable(err error) bool {
	_, ok := errors.AsType[codec.NotSerialisable](err)
	return ok
}

// ParseValue reads a reply of the Python package: the value itself, or an [wire.Error]
// if the reply is an object of exactly two members, error, a string, and code, a whole
// number other than 0. A route may return such an object as its value, and a client
// cannot tell the two apart; errors.As with *[ErrorObject] gives the text. The value
// refers to text.
func ParseValue(text []byte) ([]byte, error) {
	if err := jsontext.Check(text); err != nil {
		return nil, wire.Errorf(wire.Internal, "the reply is %v: %.100q", err, text)
	}
	text = bytes.TrimSpace(text)
	if text[0] != '{' {
		return text, nil
	}
	var message []byte
	var isError bool
	number, count := 0, 0
	_ = jsontext.Members(text, func(key, value []byte) error {
		count++
		switch {
		case jsontext.KeyIs(key, "error"):
			message, isError = jsontext.StringValue(value)
		case jsontext.KeyIs(key, "code"):
			number, _ = strconv.Atoi(string(value))
		}
		return nil
	})
	if count != 2 || !isError || number == 0 {
		return text, nil
	}
	return nil, &ErrorObject{Text: append([]byte(nil), text...), err: errorOf(string(message), number)}
}

func errorOf(message string, number int) *wire.Error {
	// the Python package has one text for each of these numbers, so any other
	// text comes from a cogbus server
	switch {
	case number == 400 && message == textNoRoute:
		return &wire.Error{Code: wire.NoRoute, Message: message}
	case number == 403 && message != textUnauthorized:
		return &wire.Error{Code: wire.Forbidden, Message: message}
	}
	for _, entry := range catalogue {
		if entry.Number == number {
			return &wire.Error{Code: entry.Code, Message: message}
		}
	}
	return &wire.Error{Code: wire.Internal, Message: message}
}

// An ErrorObject is an error reply of the Python package. It unwraps to the
// [wire.Error] with the same meaning.
type ErrorObject struct {
	Text []byte // the JSON text, unchanged
	err  *wire.Error
}

// Error returns the text of the Error.
func (e *ErrorObject) Error() string { return e.err.Error() }

// Unwrap returns the *Error.
func (e *ErrorObject) Unwrap() error { return e.err }
