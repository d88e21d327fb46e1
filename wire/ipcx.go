package wire

import (
	"bytes"
	"crypto/subtle"
	"errors"
	"reflect"
	"strconv"
)

// An Envelope is a request in the dialect of the Python package, as
//
//	{"endpoint": "members.count", "data": {...}, "headers": {"Authorization": "secret"}}
//
// Its fields refer to the text that was parsed.
type Envelope struct {
	Endpoint []byte // empty if missing or not a string
	Data     []byte // JSON text of an object; nil if missing or null

	headers  []byte
	token    []byte // the string, if hasToken
	hasToken bool
	null     bool // the token is null or absent, in headers that are a non-empty object
	badData  bool
}

// Parse reads the text of one request into e. The error is an [Error] with code
// [BadRequest]: the text is not a JSON object, or a member stands twice in it.
// Everything else is found by Authorized and Check, in the order in which the
// Python package checks.
func (e *Envelope) Parse(text []byte) error {
	*e = Envelope{}
	var endpoint, data, headers once
	err := members(text, func(key, value []byte) error {
		switch {
		case is(key, "endpoint"):
			return endpoint.set("endpoint", value)
		case is(key, "data"):
			return data.set("data", value)
		case is(key, "headers"):
			return headers.set("headers", value)
		}
		return nil
	})
	if err != nil {
		return badMessage(err)
	}
	e.Endpoint, _ = isString(endpoint.value)
	e.headers = headers.value
	if d := data.value; d != nil && d[0] == '{' {
		e.Data = d
	} else if d != nil && d[0] != 'n' {
		e.badData = true
	}
	return badMessage(e.parseHeaders())
}

func (e *Envelope) parseHeaders() error {
	if len(e.headers) == 0 || e.headers[0] != '{' {
		return nil
	}
	var token once
	some := false
	s := scanner{text: e.headers}
	err := s.object(func(key, value []byte) error {
		some = true
		if is(key, "Authorization") {
			return token.set("Authorization", value)
		}
		return nil
	})
	e.token, e.hasToken = isString(token.value)
	e.null = some && (token.value == nil || string(token.value) == "null")
	return err
}

// Authorized reports whether e carries one of the secrets. The time it takes
// does not depend on where they differ. With no secrets it reports what a
// Python server without one would: whether the token is null or absent, in
// headers that are a non-empty object.
func (e *Envelope) Authorized(secrets ...string) bool {
	if len(secrets) == 0 {
		return e.null
	}
	ok := 0
	for _, secret := range secrets {
		ok |= subtle.ConstantTimeCompare(e.token, []byte(secret))
	}
	return ok == 1 && e.hasToken
}

// Check reports what is wrong with an authorized request: an [Error] with code
// [NoRoute] if it names no endpoint, [BadRequest] if data is not an object.
func (e *Envelope) Check() error {
	if len(e.Endpoint) == 0 {
		return Errorf(NoRoute, "no endpoint given")
	}
	if e.badData {
		return Errorf(BadRequest, `"data" must be an object`)
	}
	return nil
}

// AppendEnvelope appends the request that the Python package's client would
// send. data is the JSON text of an object; nil stands for {}. A nil secret
// is sent as null, as a client without one does.
func AppendEnvelope(dst []byte, endpoint string, data []byte, secret *string) []byte {
	dst = append(dst, `{"endpoint": `...)
	dst = quote(dst, endpoint)
	dst = append(dst, `, "data": `...)
	if data == nil {
		data = []byte("{}")
	}
	dst = append(dst, data...)
	dst = append(dst, `, `...)
	dst = appendHeaders(dst, secret)
	return append(dst, '}')
}

// AppendLookup appends the request that asks a discovery port where the bot
// listens.
func AppendLookup(dst []byte, secret *string) []byte {
	dst = append(dst, `{"connect": true, `...)
	dst = appendHeaders(dst, secret)
	return append(dst, '}')
}

func appendHeaders(dst []byte, secret *string) []byte {
	dst = append(dst, `"headers": {"Authorization": `...)
	if secret == nil {
		dst = append(dst, "null"...)
	} else {
		dst = quote(dst, *secret)
	}
	return append(dst, '}')
}

// AppendLocation appends a discovery port's answer.
func AppendLocation(dst []byte, port int) []byte {
	dst = append(dst, `{"message": "Connection success", "port": `...)
	dst = strconv.AppendInt(dst, int64(port), 10)
	return append(dst, `, "code": 200}`...)
}

// ParseLocation reads a discovery port's answer: the port, or an [Error].
func ParseLocation(text []byte) (port int, err error) {
	if _, err := ParseValue(text); err != nil {
		return 0, err
	}
	err = members(text, func(key, value []byte) error {
		if is(key, "port") {
			digits, ok := isString(value)
			if !ok {
				digits = value
			}
			port, _ = strconv.Atoi(string(digits))
		}
		return nil
	})
	if err != nil || port < 1 || port > 65535 {
		return 0, Errorf(Unavailable, "the discovery port names no port: %.100q", text)
	}
	return port, nil
}

// numbers are the codes of the Python package's error objects, and those of
// HTTP for what it has none for.
var numbers = []struct {
	code   Code
	number int
}{
	{Unauthorized, 403}, // first of its number: the Python package knows no other 403
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
	text, number := textInternal+typeName(err), 500
	if _, ok := errors.AsType[NotSerialisable](err); ok {
		text = textNotSerialisable
	} else if e, ok := errors.AsType[*Error](err); ok && e.code() != Internal {
		text = e.Message
		for _, n := range numbers {
			if n.code == e.Code {
				number = n.number
			}
		}
		switch e.Code {
		case Unauthorized:
			text = textUnauthorized
		case NoRoute:
			text = textNoRoute
		}
	}
	dst = append(dst, `{"error": `...)
	dst = quote(dst, text)
	dst = append(dst, `, "code": `...)
	dst = strconv.AppendInt(dst, int64(number), 10)
	return append(dst, '}')
}

// typeName names the innermost type of err's tree that says something: those of
// packages errors and fmt only wrap.
func typeName(err error) string {
	name := "Exception"
	for err != nil {
		t := reflect.TypeOf(err)
		if t.Kind() == reflect.Pointer {
			t = t.Elem()
		}
		if p := t.PkgPath(); p != "errors" && p != "fmt" && t.Name() != "" && t != reflect.TypeFor[Error]() {
			name = t.Name()
		}
		switch u := err.(type) { //nolint:errorlint // this walks the tree itself
		case interface{ Unwrap() error }:
			err = u.Unwrap()
		case interface{ Unwrap() []error }:
			list := u.Unwrap()
			if len(list) == 0 {
				return name
			}
			err = list[0]
		default:
			return name
		}
	}
	return name
}

// ParseValue reads a reply of the Python package: the value itself, or an
// [Error] if it is an object of exactly the members error, a string, and code, a
// number. A route may return such an object as its value, and nothing tells the
// two apart; errors.As with *[ErrorObject] gives back the text.
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
	if number == 400 && message == textNoRoute {
		return &Error{Code: NoRoute, Message: message}
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
