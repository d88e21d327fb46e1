package dialect

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxName is how many bytes of the name that a client gives itself are kept.
const maxName = 64

// cleanName returns the name of a client as handlers and logs get it. Only what is
// printed stays of it: a control character could forge a line of a log, and one that is
// not seen makes two names look the same. The result does not refer to name, which may
// be as long as a message.
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
