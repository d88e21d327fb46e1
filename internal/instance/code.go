package instance

import (
	"github.com/cogbus/cogbus/wire"
)

// The longest code that callers get, and the longest name: of a type, a cog, a route.
const (
	maxCode = 64
	maxName = 256
)

// validCode reports whether callers may get an error of that code. None counts as
// wire.Internal.
func validCode(code wire.Code) bool {
	for i := range len(code) {
		c := code[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '_' {
			return false
		}
	}
	return len(code) <= maxCode
}
