package wire

import (
	"bytes"
	"errors"
	"reflect"
	"strconv"
	"strings"
)

// numbers are the codes of the Python package's error objects, and those of
// HTTP for what it has none for.
var numbers = []struct {
	code   Code
	number int
}{
	{Unauthorized, 403},
	{Forbidden, 403},
	{BadRequest, 400},
	{NoRoute, 400},
	{NotFound, 404},
	{Timeout, 408},
	{TooLarge, 413},
	{Overloaded, 429},
	{Canceled, 499},
	{Internal, 500},
	{Unavailable, 503},
	{Interrupted, 502},
}

// The texts of the Python package, to the letter.
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
// An [Error] keeps its text and gets the number of its code, a cog's own code
// 500. Of any other error only the type's name is told.
func AppendErrorObject(dst []byte, err error) []byte {
	var text string
	number := 500
	switch e, ok := errors.AsType[*Error](err); {
	case ok && e.code() != Internal:
		text, number = e.Message, numberOf(e.Code)
		switch e.Code {
		case Unauthorized:
			text = textUnauthorized
		case NoRoute:
			text = textNoRoute
		}
	case !ok && isNotSerialisable(err):
		text = textNotSerialisable
	default:
		text = textInternal + TypeName(err)
	}
	dst = append(dst, `{"error": `...)
	dst = quote(dst, text)
	dst = append(dst, `, "code": `...)
	dst = strconv.AppendInt(dst, int64(number), 10)
	return append(dst, '}')
}

func numberOf(code Code) int {
	for _, n := range numbers {
		if n.code == code {
			return n.number
		}
	}
	return 500
}

func isNotSerialisable(err error) bool {
	_, ok := errors.AsType[NotSerialisable](err)
	return ok
}

// TypeName names the innermost type of err's tree that says something, as an
// error object tells it. An error of another process that has a method TypeName
// names itself.
func TypeName(err error) string {
	if name := innermost(err); name != "" {
		return name
	}
	return "Exception"
}

// innermost returns "" where all of err's tree are types of packages errors and
// fmt, which only wrap, or [Error], whose code the caller sees. Of errors that
// were joined the first that says something counts.
func innermost(err error) string {
	if err == nil {
		return ""
	}
	if named, ok := err.(interface{ TypeName() string }); ok {
		return named.TypeName()
	}
	switch u := err.(type) { //nolint:errorlint // this walks the tree itself
	case interface{ Unwrap() error }:
		if name := innermost(u.Unwrap()); name != "" {
			return name
		}
	case interface{ Unwrap() []error }:
		for _, e := range u.Unwrap() {
			if name := innermost(e); name != "" {
				return name
			}
		}
	}
	t := reflect.TypeOf(err)
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p := t.PkgPath(); p == "errors" || p == "fmt" || t == reflect.TypeFor[Error]() {
		return ""
	}
	name, _, _ := strings.Cut(t.Name(), "[") // a generic type's name holds import paths
	return name
}

// ParseValue reads a reply of the Python package: the value itself, or an
// [Error] if it is an object of exactly the members error, a string, and code, a
// whole number other than 0. A route may return such an object as its value, and
// nothing tells the two apart; errors.As with *[ErrorObject] gives back the text.
// The value refers to text.
func ParseValue(text []byte) ([]byte, error) {
	if err := check(text); err != nil {
		return nil, Errorf(Internal, "the reply is %v: %.100q", err, text)
	}
	text = bytes.TrimSpace(text)
	if text[0] != '{' {
		return text, nil
	}
	var message []byte
	var isError bool
	number, count := 0, 0
	_ = members(text, func(key, value []byte) error {
		count++
		switch {
		case is(key, "error"):
			message, isError = isString(value)
		case is(key, "code"):
			number, _ = strconv.Atoi(string(value))
		}
		return nil
	})
	if count != 2 || !isError || number == 0 {
		return text, nil
	}
	return nil, &ErrorObject{Text: append([]byte(nil), text...), err: errorOf(string(message), number)}
}

func errorOf(message string, number int) *Error {
	// the Python package has one text for each of these numbers, so any other
	// text comes from a cogbus server
	switch {
	case number == 400 && message == textNoRoute:
		return &Error{Code: NoRoute, Message: message}
	case number == 403 && message != textUnauthorized:
		return &Error{Code: Forbidden, Message: message}
	}
	for _, n := range numbers {
		if n.number == number {
			return &Error{Code: n.code, Message: message}
		}
	}
	return &Error{Code: Internal, Message: message}
}

// An ErrorObject is an error reply of the Python package. It unwraps to the
// [Error] that it means.
type ErrorObject struct {
	Text []byte // the JSON text as it came
	err  *Error
}

// Error returns the text of the Error.
func (e *ErrorObject) Error() string { return e.err.Error() }

// Unwrap returns the *Error.
func (e *ErrorObject) Unwrap() error { return e.err }
