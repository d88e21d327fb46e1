package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/protocol"
)

// data returns the data of a call: that of args, which hold at most one, or of
// standard input. It is nil if there is none.
func (s *session) data(ctx context.Context, args []string) (json.RawMessage, error) {
	var text []byte
	var err error
	from := "the data"
	switch {
	case len(args) == 0:
		// nobody asked to read: it may be a pipe that never ends
		ctx, cancel := context.WithTimeout(ctx, s.limit())
		defer cancel()
		from = "standard input"
		if text, err = s.readStdin(ctx); len(strings.TrimSpace(string(text))) == 0 {
			return nil, err
		}
	case args[0] == "-":
		from = "standard input"
		text, err = s.readStdin(ctx)
	case strings.HasPrefix(args[0], "@"):
		from = args[0][1:]
		text, err = readFile(from)
	default:
		text = []byte(args[0])
	}
	if err != nil {
		return nil, err
	}
	return checked(from, text)
}

// checked reports what is wrong with text before it is sent: mostly the shell
// has taken its quotes.
func checked(from string, text []byte) (json.RawMessage, error) {
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, usagef("call", "%s is empty: leave it out, or give {}", from)
	}
	if len(text) > protocol.MaxMessage {
		return nil, wire.Errorf(wire.TooLarge, "%s has more than %d bytes", from, protocol.MaxMessage)
	}
	raw := json.RawMessage(text)
	if _, err := codec.Of[json.RawMessage]().Append(nil, &raw); err != nil {
		return nil, usagef("call", "%s is not JSON: %q: put it in single quotes, and strings in double quotes within: '{\"name\": \"x\"}'",
			from, short(string(text), 60))
	}
	return raw, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, usagef("call", "read the data: %v", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, protocol.MaxMessage+1))
	if err != nil {
		return nil, usagef("call", "read the data: %v", err)
	}
	return text, nil
}

// patience is how long standard input may be silent before the user is told
// what is being waited for.
const patience = time.Second

// readStdin reads standard input until ctx is done. A terminal and /dev/null
// are empty unless ctx has no deadline, which is for input that was asked for.
func (s *session) readStdin(ctx context.Context) ([]byte, error) {
	_, unasked := ctx.Deadline()
	if s.stdin == nil || unasked && !piped(s.stdin) {
		return nil, nil
	}
	type input struct {
		text []byte
		err  error
	}
	read := make(chan input, 1)
	go func() { // ends with the input, or with the program
		text, err := io.ReadAll(io.LimitReader(s.stdin, protocol.MaxMessage+1))
		read <- input{text, err}
	}()
	notice := time.NewTimer(patience)
	defer notice.Stop()
	for {
		select {
		case in := <-read:
			if in.err != nil {
				return nil, usagef("call", "read standard input: %v", in.err)
			}
			return in.text, nil
		case <-notice.C:
			if unasked {
				s.warn("waiting for data on standard input: </dev/null says that there is none")
			}
		case <-ctx.Done():
			if ctx.Err() == context.Canceled {
				return nil, fmt.Errorf("read standard input: %w", ctx.Err())
			}
			return nil, usagef("call", "standard input did not end within %s: give the data as an argument, or </dev/null if there is none", s.limit())
		}
	}
}

// piped reports whether somebody has made r the standard input on purpose.
func piped(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return true
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice == 0
}
