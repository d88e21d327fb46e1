package scenario

import (
	"bytes"
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Read reads a scenario file. Its extension says whether it is TOML or JSON; see
// [Parse].
func Read(path string) (*Scenario, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	return Parse(path, text)
}

// Parse reads the text of a scenario file. The extension of name, .toml or .json,
// chooses the format. The rest of name is only used in errors.
//
// The scenario that Parse returns always compiles. Otherwise it returns an error that
// joins one error for each mistake, each with its file, line and key.
func Parse(name string, text []byte) (*Scenario, error) {
	text = bytes.TrimPrefix(text, []byte("\uFEFF")) // some editors write this mark
	f := &file{name: name, content: text, at: map[string]int{}, source: map[string][]byte{}}
	var values any
	switch ext := filepath.Ext(name); {
	case !f.isUTF8():
	case ext == ".toml":
		values = f.readTOML()
	case ext == ".json":
		values = f.readJSON()
	default:
		return nil, fmt.Errorf("%s: want a file whose name ends in .toml or .json", name)
	}
	if err := f.err(); err != nil {
		return nil, err // a syntax error, so there are no values to check
	}
	s := f.scenario(values)
	_, problems := s.compile()
	for _, p := range problems {
		f.fail(p.path, "%s", p.text)
	}
	if err := f.err(); err != nil {
		return nil, err
	}
	return s, nil
}

// A file is a scenario file. Both formats are decoded to maps, slices, strings, bools,
// nil and json.Number. The path of a value identifies it, such as route[1].weight.
type file struct {
	name    string
	content []byte
	at      map[string]int    // by path: the offset in content of the value, or of its key
	source  map[string][]byte // in JSON, by path: the texts of objects and lists
	faults  []problem         // the mistakes so far
}

// fail records a mistake in the value at a path, unless the value or a value around it
// already has one.
func (f *file) fail(path, format string, args ...any) {
	follows := func(p problem) bool {
		rest, ok := strings.CutPrefix(path, p.path)
		return ok && (p.path == "" || rest == "" || rest[0] == '.' || rest[0] == '[')
	}
	if !slices.ContainsFunc(f.faults, follows) {
		f.faults = append(f.faults, problem{f.name, f.lineOf(path), path, "", fmt.Sprintf(format, args...)})
	}
}

// syntax records a syntax error at an offset.
func (f *file) syntax(offset int, path, text string) {
	f.faults = append(f.faults, problem{f.name, f.lineAt(offset), path, "", text})
}

func (f *file) isUTF8() bool {
	text := string(f.content)
	for i, r := range text {
		if r == utf8.RuneError && !strings.HasPrefix(text[i:], string(utf8.RuneError)) {
			f.syntax(i, "", fmt.Sprintf("want UTF-8, not the byte %#x", text[i]))
			return false
		}
	}
	return true
}

// lineOf returns the line of a value. For a missing value it returns the line of the
// value around it.
func (f *file) lineOf(path string) int {
	for path != "" {
		if offset, ok := f.at[path]; ok {
			return f.lineAt(offset)
		}
		path = path[:max(strings.LastIndexAny(path, ".["), 0)]
	}
	return 1
}

func (f *file) lineAt(offset int) int {
	return 1 + bytes.Count(f.content[:max(0, min(offset, len(f.content)))], []byte("\n"))
}

// err joins the mistakes in the order of the file.
func (f *file) err() error {
	slices.SortStableFunc(f.faults, func(a, b problem) int { return cmp.Or(a.line-b.line, strings.Compare(a.path, b.path)) })
	return join(f.faults)
}

// member returns the path of a key in the object at a path.
func member(path, key string) string {
	if strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-") != "" || key == "" {
		key = strconv.Quote(key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// element returns the path of an element of the list at a path.
func element(path string, i int) string { return path + "[" + strconv.Itoa(i) + "]" }
