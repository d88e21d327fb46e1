package protocol

import (
	"strconv"

	"github.com/cogbus/cogbus/internal/jsontext"
	"github.com/cogbus/cogbus/wire"
)

// AppendLookup appends a request for the bot's port, for a discovery port.
func AppendLookup(dst []byte, secret *string) []byte {
	dst = append(dst, `{"connect": true, `...)
	dst = appendHeaders(dst, secret)
	return append(dst, '}')
}

// AppendLocation appends a discovery port's answer.
func AppendLocation(dst []byte, port int) []byte {
	dst = append(dst, `{"message": "Connection success", "port": `...)
	dst = strconv.AppendInt(dst, int64(port), 10)
	return append(dst, `, "code": 200}`...)
}

// ParseLocation reads a discovery port's answer: the port, or an [wire.Error].
func ParseLocation(text []byte) (port int, err error) {
	if _, err := ParseValue(text); err != nil {
		return 0, err
	}
	err = jsontext.Members(text, func(key, value []byte) error {
		if jsontext.KeyIs(key, "port") {
			digits, ok := jsontext.StringValue(value)
			if !ok {
				digits = value
			}
			port, _ = strconv.Atoi(string(digits))
		}
		return nil
	})
	if err != nil || port < 1 || port > 65535 {
		return 0, wire.Errorf(wire.Unavailable, "the discovery port names no port: %.100q", text)
	}
	return port, nil
}
