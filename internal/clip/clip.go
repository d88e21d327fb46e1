// Package clip bounds the texts of user code that the bot keeps, logs and sends: one
// error of megabytes must not hide what else there is to know.
package clip

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Most is how many bytes of an error's text are kept.
const Most = 4096

// Text returns text if it has at most most bytes, and else its beginning with a mark
// that says how much was left out. The mark comes on top of most.
func Text(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > most-utf8.UTFMax && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	// a copy: the beginning must not keep the rest in memory
	return fmt.Sprintf("%s... (%d bytes more)", strings.ToValidUTF8(text[:end], "\uFFFD"), len(text)-end)
}
