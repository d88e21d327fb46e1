package cli

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

// Payload returns the data of a call, which args name in at most one argument: JSON,
// @FILE, or - for standard input. Without an argument the data is standard input if
// that is a pipe or a file. Payload returns nil if there is no data.
func (e *Env) Payload(ctx context.Context, args []string) (json.RawMessage, error) {
	var text []byte
	var err error
	from := "the data"
	switch {
	case len(args) == 0:
		// The user did not ask to read standard input. It may be a pipe that never ends.
		ctx, cancel := context.WithTimeout(ctx, e.Limit())
		defer cancel()
		from = "standard input"
		if text, err = e.readStdin(ctx); len(strings.TrimSpace(string(text))) == 0 {
			return nil, err
		}
	case args[0] == "-":
		from = "standard input"
		text, err = e.readStdin(ctx)
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

// checked returns the text, or an error if it is not valid. The usual cause is a shell
// that has removed the quotes.
func checked(from string, text []byte) (json.RawMessage, error) {
	if len(strings.TrimSpace(string(text))) == 0 {
		return nil, Usagef("%s is empty: leave it out, or give {}", from)
	}
	if len(text) > protocol.MaxMessage {
		return nil, wire.Errorf(wire.TooLarge, "%s has more than %d bytes", from, protocol.MaxMessage)
	}
	raw := json.RawMessage(text)
	if _, err := codec.Of[json.RawMessage]().Append(nil, &raw); err != nil {
		return nil, Usagef("%s is not JSON: %q: put all of it in single quotes, and strings inside in double quotes: '{\"name\": \"x\"}'",
			from, Short(string(text), 60))
	}
	return raw, nil
}

func readFile(name string) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, Usagef("read the data: %v", err)
	}
	defer func() { _ = f.Close() }()
	text, err := io.ReadAll(io.LimitReader(f, protocol.MaxMessage+1))
	if err != nil {
		return nil, Usagef("read the data: %v", err)
	}
	return text, nil
}

// patience is the time until readStdin tells the user that it waits for standard input.
const patience = time.Second

// readStdin reads standard input until ctx is done. If ctx has a deadline, the user did
// not ask for standard input by "-", and a terminal and /dev/null count as empty.
func (e *Env) readStdin(ctx context.Context) ([]byte, error) {
	_, unasked := ctx.Deadline()
	if e.Stdin == nil || unasked && !piped(e.Stdin) {
		return nil, nil
	}
	type input struct {
		text []byte
		err  error
	}
	read := make(chan input, 1)
	go func() { // ends with the input, or with the program
		text, err := io.ReadAll(io.LimitReader(e.Stdin, protocol.MaxMessage+1))
		read <- input{text, err}
	}()
	notice := time.NewTimer(patience)
	defer notice.Stop()
	for {
		select {
		case in := <-read:
			if in.err != nil {
				return nil, Usagef("read standard input: %v", in.err)
			}
			return in.text, nil
		case <-notice.C:
			if unasked {
				e.Warn("waiting for data on standard input: </dev/null says that there is none")
			}
		case <-ctx.Done():
			if ctx.Err() == context.Canceled {
				return nil, fmt.Errorf("read standard input: %w", ctx.Err())
			}
			return nil, Usagef("standard input did not end within %s: give the data as an argument, or </dev/null if there is none", e.Limit())
		}
	}
}

// piped reports whether r is a pipe or a file, and not a terminal or /dev/null.
func piped(r io.Reader) bool {
	f, ok := r.(*os.File)
	if !ok {
		return true
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice == 0
}
