// Package clip shortens the texts of user code that the bot keeps, logs and sends. An
// error of megabytes must not fill the log or a message.
package clip

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Most is the number of bytes that the bot keeps of an error's text.
const Most = 4096

// Text returns text if it has at most most bytes. Otherwise it returns the beginning of
// text, and a mark that says how many bytes are left out. The mark is not counted in most.
func Text(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most
	for end > most-utf8.UTFMax && end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	// Sprintf copies, so that the result does not keep the rest of text in memory
	return fmt.Sprintf("%s... (%d bytes more)", strings.ToValidUTF8(text[:end], "\uFFFD"), len(text)-end)
}
