package cli

import "fmt"

// A UsageError is an error in a command line, or in the data or a file that it names. Its
// exit code is [ExitUsage].
type UsageError struct {
	text string
}

// Usagef returns a usage error. The report points to the help of the command.
func Usagef(format string, args ...any) error {
	return &UsageError{fmt.Sprintf(format, args...)}
}

func (e *UsageError) Error() string { return e.text }

// An Error is an error with additions for the report.
type Error struct {
	Err error

	// Code is the exit code. If zero, it follows from Err.
	Code int

	// Hint is the user's next step. The report prints it behind the error.
	Hint string

	// Lines replaces the text of the error for people, if it is not empty. It is for
	// errors of a compiler: editors and terminals find places in files only at the
	// beginning of lines.
	Lines string
}

func (e *Error) Error() string { return e.Err.Error() }

func (e *Error) Unwrap() error { return e.Err }
