package compat

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// An outcome is the outcome that a call of the client must have.
type outcome struct {
	value  string    // the JSON text of the result, or of the error object if code is set
	object bool      // the reply is an error object
	code   wire.Code // the code of the error
	says   []string  // parts of the error's text
	raised string    // the exception in Python for which code stands
	never  bool      // no reply comes, so the caller's deadline ends the call
	or     *outcome  // another outcome that is as good
}

func (o outcome) String() string {
	switch {
	case o.raised != "":
		return fmt.Sprintf("an error with code %q, as Python raises %s", o.code, o.raised)
	case o.never:
		return "timeout, as no reply comes"
	case o.object:
		return "error object " + o.value
	case o.code != "":
		return fmt.Sprintf("an error with code %s that says %q", o.code, o.says)
	}
	return o.value
}

// differ describes the difference between o and the actual outcome.
func (o outcome) differ(text []byte, err error) string {
	if o.or != nil && o.or.differ(text, err) == "" {
		return ""
	}
	code := o.code
	if o.never {
		code = wire.Timeout
	}
	if o.raised != "" && code == "" {
		return "the test knows no error for Python's " + o.raised
	}
	if code == "" {
		if err != nil {
			return fmt.Sprintf("call fails: %v; want %v", err, o)
		}
		return differText(text, o.value)
	}
	e, typed := errors.AsType[*wire.Error](err)
	if !typed || wire.CodeOf(err) != code {
		return fmt.Sprintf("call = %.80s, %v (code %s); want %v", text, err, wire.CodeOf(err), o)
	}
	for _, s := range o.says {
		if !strings.Contains(e.Error(), s) {
			return fmt.Sprintf("error = %v; want one that says %q", err, s)
		}
	}
	if o.object {
		object, ok := errors.AsType[*protocol.ErrorObject](err)
		if !ok {
			return fmt.Sprintf("error %v does not hold the object that was sent", err)
		}
		return differText(object.Text, o.value)
	}
	return ""
}

// value returns the outcome of a reply.
func value(text []byte) outcome {
	n, err := parse(text)
	if err != nil {
		return outcome{code: wire.Internal}
	}
	o := outcome{value: string(text)}
	if message, code, ok := errorObject(n); ok {
		o.object, o.code, o.says = true, codeOf(message, code), []string{message}
	}
	return o
}

// codeOf returns the code for an error object of the Python package.
func codeOf(message string, number int) wire.Code {
	switch {
	case number == 403:
		return wire.Unauthorized
	case number == 400 && message == "Invalid or no endpoint given.":
		return wire.NoRoute
	case number == 400:
		return wire.BadRequest
	}
	return wire.Internal
}

// A forecast is the course that one connection of the client must take.
type forecast struct {
	outcome
	request bool     // the client sends its request
	pongs   []string // the client's answers to pings
	close   int      // the code of the client's Close; 0 if it need not send one
}

// foretell returns the forecast of a connection to a server that follows script.
func foretell(script []node) (f forecast) {
	lost := outcome{code: wire.Interrupted}
	defer func() {
		for _, step := range script {
			if step.has("tcp") {
				f.close = 0 // a Close may come too late
			}
		}
	}()
	var text, rawBytes []byte
	for _, step := range script {
		switch {
		case step.has("opts"):
		case step.has("hs"):
			if !step.has("go") || strings.Contains(step.get("raw").str, "Sec-WebSocket-Extensions") {
				f.outcome = outcome{code: wire.Unavailable} // the call has certainly not run
				return f
			}
		case step.has("recv"):
			f.request = true
		case step.has("wait_ms"):
		case step.has("tcp"):
			f.outcome = lost
			return f
		default:
			frames := []frame{}
			if step.has("hexraw") {
				b, _ := hex.DecodeString(step.get("hexraw").str)
				rawBytes = append(rawBytes, b...)
				whole, err := readFrame(bufio.NewReader(bytes.NewReader(rawBytes)))
				if err != nil {
					continue
				}
				frames = append(frames, whole)
			} else if fr, _, err := frameOf(step); err == nil {
				frames = append(frames, fr)
			}
			for _, fr := range frames {
				switch fr.op {
				case opPing:
					f.pongs = append(f.pongs, string(fr.payload))
				case opPong:
				case opClose:
					f.outcome, f.close = lost, 1000
					if f.request {
						f.says = []string{fmt.Sprint(fr.closeCode()), strings.ToValidUTF8(string(fr.payload[min(2, len(fr.payload)):]), "")}
					} else { // whether or not the client saw it before it sent
						f.or = &outcome{code: wire.Unavailable}
					}
					return f
				case opText, opBinary, opCont:
					text = append(text, fr.payload...)
					if !fr.fin {
						continue
					}
					f.close = 1000
					switch {
					case len(text) > protocol.MaxMessage:
						f.outcome, f.close = outcome{code: wire.TooLarge}, 1009
						return f
					case fr.op == opText && !utf8.Valid(text):
						f.outcome, f.close = lost, 1007
						f.or = &outcome{code: wire.Internal}
						return f
					case !f.request: // a greeting may be taken for the reply or dropped
						greeting := value(text)
						f.or, text = &greeting, nil
						continue
					}
					or := f.or
					f.outcome = value(text)
					f.or = or
					return f
				default:
					f.outcome, f.close = lost, 1002
					return f
				}
			}
		}
	}
	f.never, f.close = true, 0
	return f
}
