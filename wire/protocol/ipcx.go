package protocol

import (
	"crypto/subtle"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
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
	token    []byte // the token's string, if hasToken
	hasToken bool
	null     bool // the token is null or absent, in headers that are a non-empty object
	badData  bool
}

// Parse reads the text of one request into e. The error is an [wire.Error] with code
// [wire.BadRequest] if the text is not a JSON object, or has a member twice. Authorized
// and Check find all other faults, in the order of the Python package's checks.
func (e *Envelope) Parse(text []byte) error {
	*e = Envelope{}
	var endpoint, data, headers once
	err := jsontext.Members(text, func(key, value []byte) error {
		switch {
		case jsontext.KeyIs(key, "endpoint"):
			return endpoint.set("endpoint", value)
		case jsontext.KeyIs(key, "data"):
			return data.set("data", value)
		case jsontext.KeyIs(key, "headers"):
			return headers.set("headers", value)
		}
		return nil
	})
	if err != nil {
		return badMessage(err)
	}
	e.Endpoint, _ = jsontext.StringValue(endpoint.value)
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
	s := jsontext.Scanner{Text: e.headers}
	err := s.Object(func(key, value []byte) error {
		some = true
		if jsontext.KeyIs(key, "Authorization") {
			return token.set("Authorization", value)
		}
		return nil
	})
	e.token, e.hasToken = jsontext.StringValue(token.value)
	e.null = some && (token.value == nil || string(token.value) == "null")
	return err
}

// Authorized reports whether e carries one of the secrets. Its time does not depend on
// the place where they differ. Without secrets it reports the same as a Python server
// without one: whether the token is null or absent, in headers that are a non-empty
// object.
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

// Check returns the error of an authorized request: an [wire.Error] with code [NoRoute]
// if it has no endpoint, [wire.BadRequest] if data is not an object, otherwise nil.
func (e *Envelope) Check() error {
	if len(e.Endpoint) == 0 {
		return wire.Errorf(wire.NoRoute, "no endpoint given")
	}
	if e.badData {
		return wire.Errorf(wire.BadRequest, `"data" must be an object`)
	}
	return nil
}

// AppendEnvelope appends the request that the Python package's client would send. data
// is the JSON text of an object; nil and null stand for {}, since a Python server
// dies of null. A nil secret is sent as null, as by a client without a secret.
func AppendEnvelope(dst []byte, endpoint string, data []byte, secret *string) []byte {
	dst = append(dst, `{"endpoint": `...)
	dst = jsontext.AppendQuote(dst, endpoint)
	dst = append(dst, `, "data": `...)
	if data == nil || string(data) == "null" {
		dst = append(dst, "{}"...)
	} else {
		dst = append(dst, data...)
	}
	dst = append(dst, `, `...)
	dst = appendHeaders(dst, secret)
	return append(dst, '}')
}

func appendHeaders(dst []byte, secret *string) []byte {
	dst = append(dst, `"headers": {"Authorization": `...)
	if secret == nil {
		dst = append(dst, "null"...)
	} else {
		dst = jsontext.AppendQuote(dst, *secret)
	}
	return append(dst, '}')
}
