package cli

import (
	"fmt"
	"strings"
	"unicode"
)

// OneLine makes text of others safe to print: it removes line breaks, and escapes
// characters that a terminal takes for commands.
func OneLine(text string) string {
	text = strings.ReplaceAll(strings.TrimSpace(text), "\n", "; ")
	return escape(text, func(r rune) string { return fmt.Sprintf("%+q", r) })
}

// ManyLines is OneLine for text of several lines.
func ManyLines(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, OneLine(line))
	}
	return strings.Join(lines, "\n")
}

// Short cuts text to at most this many letters.
func Short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// hidden reports whether a terminal does not show r as a letter: r is a control, or
// turns the direction of writing around.
func hidden(r rune) bool {
	return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
}

// escape replaces the hidden letters of text.
func escape(text string, how func(rune) string) string {
	if !strings.ContainsFunc(text, hidden) {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		if hidden(r) {
			b.WriteString(strings.Trim(how(r), "'"))
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
