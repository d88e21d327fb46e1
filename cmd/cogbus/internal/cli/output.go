package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// An Output is standard output. It keeps the first error of a write, so that the program
// fails: a script must not take a part of the result for the whole.
type Output struct {
	Colours Colours

	// Terminal says that people read the output.
	Terminal bool

	w   io.Writer
	err error
}

// NewOutput returns an output without colours that writes to w.
func NewOutput(w io.Writer) *Output { return &Output{w: w} }

// Writer returns the stream itself, for a child process that inherits it.
func (o *Output) Writer() io.Writer { return o.w }

// Write writes p, unless a write has failed before. It never returns an error, because
// [Execute] reports the first one.
func (o *Output) Write(p []byte) (int, error) {
	if o.err == nil {
		_, o.err = o.w.Write(p)
	}
	return len(p), nil
}

// Printf prints.
func (o *Output) Printf(format string, args ...any) { _, _ = fmt.Fprintf(o, format, args...) }

// JSON prints v as one line of JSON. It panics if v cannot be encoded.
func (o *Output) JSON(v any) {
	text, err := json.Marshal(v)
	if err != nil {
		panic("cogbus: encode the output: " + err.Error()) // all types that are printed encode
	}
	o.Printf("%s\n", text)
}

// failure returns the error of a write that failed.
func (o *Output) failure() error {
	if o.err == nil {
		return nil
	}
	return fmt.Errorf("write the output: %w", o.err)
}

// isTerminal reports whether people read w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
