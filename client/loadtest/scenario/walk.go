package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/BurntSushi/toml"
)

// A walk records the places of the keys and elements in a document, which neither
// library reports. The document is valid, so the walk only needs to distinguish keys,
// texts, lists and tables. For that purpose, values of JSON look like values of TOML,
// with : in place of =.
type walk struct {
	file  *file
	json  bool
	i     int            // the current offset
	lists map[string]int // lengths of the [[lists]] so far, by path
}

// document walks through a document of TOML.
func (w *walk) document() {
	table := ""
	for w.skip(); w.peek() != 0; w.skip() {
		if w.peek() == '[' {
			table = w.header()
		} else {
			w.pair(table)
		}
	}
}

// header reads [a.b] or [[a.b]] and returns the path that it opens.
func (w *walk) header() string {
	start, path := w.i, ""
	w.i++
	list := w.peek() == '['
	if list {
		w.i++
	}
	for _, part := range w.key() {
		if n := w.lists[path]; n > 0 {
			path = element(path, n-1)
		}
		path = member(path, part)
		w.note(path, start)
	}
	w.i++
	if list {
		w.i++
		w.lists[path]++
	}
	if n := w.lists[path]; n > 0 {
		path = element(path, n-1)
		w.note(path, start)
	}
	return path
}

// pair reads a key and its value in the table at a path.
func (w *walk) pair(path string) {
	start := w.i
	for _, part := range w.key() {
		path = member(path, part)
		if _, twice := w.file.at[path]; twice && w.json { // the library for TOML reports it itself
			w.file.syntax(start, path, fmt.Sprintf("this key stands twice, first on line %d", w.file.lineOf(path)))
		}
		w.note(path, start)
	}
	w.i++ // the = or :
	w.skip()
	w.value(path)
}

func (w *walk) note(path string, offset int) {
	if _, ok := w.file.at[path]; !ok {
		w.file.at[path] = offset
	}
}

// key reads a key with dots, and the space after it.
func (w *walk) key() (parts []string) {
	for {
		w.skip()
		start := w.i
		if c := w.peek(); c == '"' || c == '\'' {
			w.quoted()
		} else {
			w.until(" \t.=]")
		}
		part := string(w.file.content[start:w.i])
		if c := part[:min(1, len(part))]; c == `"` || c == "'" {
			part = unquote(part)
		}
		parts = append(parts, part)
		w.skip()
		if w.peek() != '.' {
			return parts
		}
		w.i++
	}
}

// unquote returns a key without its quotes and escapes.
func unquote(quoted string) string {
	var v struct{ Text string }
	if json.Unmarshal([]byte(quoted), &v.Text) == nil {
		return v.Text
	}
	if _, err := toml.Decode("Text = "+quoted, &v); err != nil {
		return quoted // the key is only used in errors, which can show it with its quotes
	}
	return v.Text
}

// value skips the value at a path, and records the places of its parts.
func (w *walk) value(path string) {
	start := w.i
	switch w.peek() {
	case '"', '\'':
		w.quoted()
	case '[':
		for i := 0; w.more(']'); i++ {
			w.note(element(path, i), w.i)
			w.value(element(path, i))
		}
	case '{':
		for w.more('}') {
			w.pair(path)
		}
	default:
		w.until(",]}#\n")
		return
	}
	if w.json {
		w.file.source[path] = w.file.content[start:w.i]
	}
}

// more moves to the next element of a list or of a table in braces: it skips the opening
// bracket or a comma, and at the end the closing bracket. It reports whether there is an
// element.
func (w *walk) more(closing byte) bool {
	w.skip()
	if w.peek() != closing {
		w.i++
		w.skip()
	}
	if w.peek() == closing {
		w.i++
		return false
	}
	return w.peek() != 0
}

// quoted skips a text in quotes.
func (w *walk) quoted() {
	quote := w.peek()
	size := 1
	if rest := w.file.content[w.i:]; len(rest) > 2 && rest[1] == quote && rest[2] == quote {
		size = 3
	}
	w.i += size
	for found := 0; found < size; w.i++ {
		switch c := w.peek(); {
		case c == 0:
			return
		case c == quote:
			found++
		case c == '\\' && quote == '"':
			w.i++
			found = 0
		default:
			found = 0
		}
	}
	for range size - 1 { // of five quotes in a row, the first two belong to the text
		if w.peek() == quote {
			w.i++
		}
	}
}

// skip skips spaces, ends of lines and comments.
func (w *walk) skip() {
	for {
		switch w.peek() {
		case ' ', '\t', '\r', '\n':
			w.i++
		case '#':
			w.until("\n")
		default:
			return
		}
	}
}

// until moves to the next of some bytes, or to the end.
func (w *walk) until(some string) {
	if n := bytes.IndexAny(w.file.content[min(w.i, len(w.file.content)):], some); n >= 0 {
		w.i += n
	} else {
		w.i = len(w.file.content)
	}
}

// peek returns the current byte, or 0 at the end. TOML has no byte 0.
func (w *walk) peek() byte {
	if w.i < len(w.file.content) {
		return w.file.content[w.i]
	}
	return 0
}
