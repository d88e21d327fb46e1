package compat

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"
)

// A want is one frame that a server must send.
type want struct {
	op    byte
	code  int                   // the code of a Close, or of an error object
	bytes string                // the content of a pong
	text  string                // the JSON text of a reply
	long  node                  // the digest of a reply
	check func(got node) string // returns the fault of a reply, "" if it has none
	say   string                // a description of the replies that check accepts
}

func (w want) String() string {
	switch {
	case w.op == opClose:
		return fmt.Sprintf("close %d", w.code)
	case w.op == opPong:
		return fmt.Sprintf("pong %q", w.bytes)
	case w.say != "":
		return w.say
	case w.long.exists():
		return "a text of " + w.long.get("length").raw + " bytes"
	}
	return fmt.Sprintf("text %.80s", w.text)
}

// differ describes the difference between w and the frame that came.
func (w want) differ(f frame) string {
	if f.op != w.op {
		return fmt.Sprintf("frame = %v; want %v", f, w)
	}
	if !f.fin || f.rsv != 0 || f.masked {
		return fmt.Sprintf("frame %v has fin %v, rsv %d, masked %v; want a plain one", f, f.fin, f.rsv, f.masked)
	}
	switch {
	case w.op == opClose:
		if f.closeCode() != w.code {
			return fmt.Sprintf("frame = %v; want %v", f, w)
		}
		return ""
	case w.op == opPong:
		if string(f.payload) != w.bytes {
			return fmt.Sprintf("frame = %v; want %v", f, w)
		}
		return ""
	case w.long.exists():
		return differLong(f.payload, w.long)
	case w.check != nil:
		n, err := parse(f.payload)
		if err != nil {
			return fmt.Sprintf("reply: %v", err)
		}
		return w.check(n)
	}
	return differText(f.payload, w.text)
}

// reply, failure and friends make wants.

func reply(text string) want {
	n, _ := parse([]byte(text))
	_, code, _ := errorObject(n)
	return want{op: opText, text: text, code: code}
}

func closing(code int) want { return want{op: opClose, code: code} }

const (
	noToken        = `{"error": "Invalid or no token provided.", "code": 403}`
	noEndpoint     = `{"error": "Invalid or no endpoint given.", "code": 400}`
	unserialisable = `{"error": "IPC route returned values which are not able to be sent over sockets. ` +
		`If you are trying to send a discord.py object, please only send the data you need.", "code": 500}`
)

// failed wants an error object of that code, with some text.
func failed(code int) want {
	return failedLike(code, ".")
}

// failedLike wants an error object of that code whose text matches a pattern.
func failedLike(code int, pattern string) want {
	re := regexp.MustCompile(pattern)
	say := fmt.Sprintf(`{"error": %s, "code": %d}`, quote(pattern), code)
	return want{op: opText, code: code, say: say, check: func(got node) string {
		text, c, ok := errorObject(got)
		if !ok || c != code || !re.MatchString(text) {
			return fmt.Sprintf("reply = %.100s; want %s", got.raw, say)
		}
		return ""
	}}
}

// raised wants the answer of a route that has failed with an error of that type.
func raised(typ string) want {
	return failedLike(500, "^IPC route raised error of type "+typ+"$")
}

// either wants one of two replies.
func either(a, b want) want {
	say := fmt.Sprintf("%v or %v", a, b)
	return want{op: opText, say: say, check: func(got node) string {
		f := frame{fin: true, op: opText, payload: []byte(got.raw)}
		if a.differ(f) == "" || b.differ(f) == "" {
			return ""
		}
		return fmt.Sprintf("reply = %.100s; want %s", got.raw, say)
	}}
}

// recordedWants turns recorded frames into wants. port is the port of the main server.
func recordedWants(frames []node, port string) (list []want, err error) {
	for _, n := range frames {
		w := want{op: opNames[n.get("op").str]}
		switch w.op {
		case opClose:
			w.code = n.get("code").int()
		case opPong:
			var b []byte
			if b, err = hex.DecodeString(n.get("hex").str); err != nil {
				return nil, err
			}
			w.bytes = string(b)
		case opText:
			w.text = strings.ReplaceAll(n.get("text").str, "{port}", port)
			if n.has("sha256") {
				w.long = n
			} else if n.has("rsv") || !n.has("text") {
				return nil, fmt.Errorf("the recorded frame is compressed: %s", n.raw)
			}
		default:
			return nil, fmt.Errorf("unknown recorded frame %s", n.raw)
		}
		list = append(list, w)
	}
	return list, nil
}

// An ending is the state of a connection after the last frame.
type ending int

const (
	stillOpen   ending = iota // the server answers pings, and a Close at once
	serverEnded               // the server ends TCP after its Close
	halfClosed                // the client has ended its half of TCP, and the server ends the other half
	clientGone                // the client has reset TCP
)

// verify checks that exactly the wanted frames come, and then the ending. It also counts
// frames that the peer has taken before.
func (p *peer) verify(wants []want, end ending) error {
	early := p.got
	next := func() (frame, error) {
		if len(early) > 0 {
			f := early[0]
			early = early[1:]
			return f, nil
		}
		return p.next(patience)
	}
	for i, w := range wants {
		f, err := next()
		if err != nil {
			return fmt.Errorf("frame %d: %w; want %v", i, err, w)
		}
		if d := w.differ(f); d != "" {
			return fmt.Errorf("frame %d: %s", i, d)
		}
	}
	switch end {
	case clientGone:
		return nil
	case stillOpen:
		// All other frames of the server come before its pong.
		probe := []byte("still there?")
		p.write(frame{fin: true, op: opPing, masked: true, payload: probe})
		pong := want{op: opPong, bytes: string(probe)}
		f, err := next()
		if err != nil {
			return fmt.Errorf("after the last frame a ping: %w; want a pong from an open connection", err)
		}
		if d := pong.differ(f); d != "" {
			return fmt.Errorf("after the last frame: %s", d)
		}
		p.closed.Store(true)
		p.write(frame{fin: true, op: opClose, masked: true, payload: closeFrame(1000).payload})
		if f, err = next(); err != nil {
			return fmt.Errorf("answer to Close: %w; want Close 1000", err)
		}
		if d := closing(1000).differ(f); d != "" {
			return fmt.Errorf("answer to Close: %s", d)
		}
	case halfClosed:
		if f, err := next(); err == nil {
			if f.op != opClose {
				return fmt.Errorf("after the last frame: %v; want the end", f)
			}
		} else {
			return endOf(err)
		}
	}
	_, err := next()
	return endOf(err)
}

// endOf checks that err is the end of TCP.
func endOf(err error) error {
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case err == nil:
		return fmt.Errorf("a frame comes after Close; want the end of TCP")
	}
	return fmt.Errorf("the server does not end TCP: %w", err)
}

// silent checks that no frame comes for a while.
func (p *peer) silent(d time.Duration) error {
	f, err := p.next(d)
	switch {
	case errors.Is(err, errQuiet):
		return nil
	case err == nil:
		return fmt.Errorf("the server sends %v to an idle client; want nothing", f)
	}
	return fmt.Errorf("an idle connection: %w; want it open", err)
}
