package cli

import "fmt"

// A UsageError says what is wrong with a command line, or with the data or a file
// that it names. Its exit code is [ExitUsage].
type UsageError struct {
	text string
}

// Usagef returns a usage error. The report of it names the help of the command that
// was run.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

func (e *UsageError) Error() string { return e.text }

// An Error is an error with more for the report than its text.
type Error struct {
	Err error

	// Code is the exit code. If zero, it follows from Err.
	Code int

	// Hint is what to do next. The report prints it behind the error.
	Hint string

	// Lines is what people read in place of the error, if it is not empty. Editors and
	// terminals find places in files at the beginning of lines.
	Lines string
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }
