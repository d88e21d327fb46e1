package cli

import (
	"os"

	"golang.org/x/sys/windows"
)

// understands makes a console take the sequences that paint, and reports whether it
// does. Consoles of Windows show them as text until a program asks for them.
func understands(f *os.File) bool {
	var mode uint32
	console := windows.Handle(f.Fd())
	if err := windows.GetConsoleMode(console, &mode); err != nil {
		return false
	}
	return windows.SetConsoleMode(console, mode|windows.ENABLE_VIRTUAL_TERMINAL_PROCESSING) == nil
}
