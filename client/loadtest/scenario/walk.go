package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/BurntSushi/toml"
)

// A walk notes where the keys and elements of a document are, which neither
// library tells. The document was found valid, so it is enough to tell keys,
// texts, lists and tables from each other; and for that, values of JSON look
// like those of TOML, except that : stands for =.
type walk struct {
	file  *file
	json  bool
	i     int            // where we are
	lists map[string]int // lengths of [[lists]] so far
}

// document goes through a whole document of TOML.
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
		if _, twice := w.file.at[path]; twice && w.json { // TOML's library has looked for that
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

// key reads a key with dots, up to what follows it.
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
		return quoted // known by its quotes in messages, which is all it is for
	}
	return v.Text
}

// value goes past the value at a path, and notes what is in it.
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

// more goes to the next element of a list or of a table in braces, past the
// opening bracket or a comma. At the end it goes past the closing bracket.
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

// quoted goes past a text in quotes.
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

// skip goes past spaces, ends of lines and comments.
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

// until goes to the next of some bytes, or to the end.
func (w *walk) until(some string) {
	if n := bytes.IndexAny(w.file.content[min(w.i, len(w.file.content)):], some); n >= 0 {
		w.i += n
	} else {
		w.i = len(w.file.content)
	}
}

// peek returns the byte where we are, 0 at the end: no TOML has one.
func (w *walk) peek() byte {
	if w.i < len(w.file.content) {
		return w.file.content[w.i]
	}
	return 0
}
