package instance

import (
	"github.com/cogbus/cogbus/wire"
)

// The longest error code that a caller may get, and the longest name of a type, a cog or a
// route, in bytes.
const (
	maxCode = 64
	maxName = 256
)

// validCode reports whether callers may get an error with this code. The empty code is
// valid: it counts as wire.Internal.
func validCode(code wire.Code) bool {
	for i := range len(code) {
		c := code[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(code) <= maxCode
}
