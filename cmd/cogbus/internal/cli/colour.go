package cli

import (
	"io"
	"os"
)

// Colours paints states and errors. The zero value paints nothing.
type Colours bool

// coloursOf returns the colours of a stream. There are none in files and pipes, none on
// terminals that cannot show them, and none if the user has set NO_COLOR.
func coloursOf(w io.Writer, getenv func(string) string) Colours {
	f, ok := w.(*os.File)
	return Colours(ok && isTerminal(f) && getenv("NO_COLOR") == "" && getenv("TERM") != "dumb" && understands(f))
}

// Red marks errors, and states that need an operator.
func (c Colours) Red(text string) string { return c.paint("31", text) }

// Yellow marks warnings, and states that end by themselves.
func (c Colours) Yellow(text string) string { return c.paint("33", text) }

// Green marks good states.
func (c Colours) Green(text string) string { return c.paint("32", text) }

func (c Colours) paint(code, text string) string {
	if !c || text == "" {
		return text
	}
	return "\x1b[" + code + "m" + text + "\x1b[0m"
}
