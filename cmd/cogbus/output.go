package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"
	"unicode"
)

// A sink is standard output. It keeps the first error: a script must not take a
// cut result for a whole one.
type sink struct {
	w   io.Writer
	err error
}

// Write writes p, unless a write has failed.
func (s *sink) Write(p []byte) (int, error) {
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.w.Write(p)
	s.err = err
	return n, err
}

func (s *sink) printf(format string, args ...any) { _, _ = fmt.Fprintf(s, format, args...) }

// failure returns the error of a write that failed.
func (s *sink) failure() error {
	if s.err == nil {
		return nil
	}
	return fmt.Errorf("write the output: %w", s.err)
}

// table prints rows under heads. Cells come from others: they are cleaned.
func (s *sink) table(heads []string, rows [][]string) {
	w := tabwriter.NewWriter(s, 0, 0, 2, ' ', 0)
	for _, row := range append([][]string{heads}, rows...) {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = oneLine(cell)
		}
		_, _ = fmt.Fprintln(w, strings.TrimRight(strings.Join(cells, "\t"), "\t"))
	}
	_ = w.Flush() // the sink keeps its error
}

// short cuts text for a table.
func short(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	return string(runes[:most-1]) + "…"
}

// isTerminal reports whether people read w.
func isTerminal(w any) bool {
	f, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

// escape replaces the letters of text that a terminal does not show as such:
// controls, and those that turn the order of writing around.
func escape(text string, how func(rune) string) string {
	hidden := func(r rune) bool {
		return unicode.IsControl(r) || r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069
	}
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
