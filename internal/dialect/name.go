package dialect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is the greatest length of a client's name in bytes. The rest of a longer name
// is cut off.
const maxName = 64

// cleanName returns the name of a client in the form for handlers and logs. It keeps only
// printable characters: a control character could forge a line of a log, and with an
// invisible character two names could look the same. The result does not refer to name,
// which may be as long as a message.
func cleanName(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, name))
	if end := maxName; len(name) > end {
		for !utf8.RuneStart(name[end]) {
			end--
		}
		name = strings.TrimSpace(name[:end])
	}
	return strings.Clone(name)
}
