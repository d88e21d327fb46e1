package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// A reader reads the value at a path, and records its errors with fail.
type reader func(path string, value any)

// A key is a key that an object may have, and the reader of its value.
type key struct {
	name string
	read reader
}

func (f *file) scenario(values any) *Scenario {
	s := &Scenario{}
	f.object("", values, []key{
		{"route", f.list(func(path string, value any) { s.Routes = append(s.Routes, f.route(path, value)) })},
		{"guilds", f.population(&s.Guilds)},
		{"users", f.population(&s.Users)},
		{"think", f.duration(&s.Think, true)},
	})
	return s
}

func (f *file) route(path string, value any) (r Route) {
	f.object(path, value, []key{
		{"name", f.text(&r.Name)},
		{"weight", f.number(&r.Weight, false)},
		{"data", f.data(&r.Data)},
		{"expect", f.list(func(path string, value any) {
			code := ""
			f.text(&code)(path, value)
			r.Expect = append(r.Expect, wire.Code(code))
		})},
		{"timeout", f.duration(&r.Timeout, false)},
	})
	return r
}

func (f *file) population(p *Population) reader {
	return func(path string, value any) {
		f.object(path, value, []key{
			{"ids", f.list(func(path string, value any) { p.IDs = append(p.IDs, f.id(path, value)) })},
			{"count", f.count(&p.Count)},
			{"zipf", f.number(&p.Zipf, true)},
		})
	}
}

func (f *file) object(path string, value any, keys []key) {
	object, ok := value.(map[string]any)
	if !ok {
		f.fail(path, "want keys and values, not %s", describe(value))
		return
	}
	for name, value := range object {
		at := member(path, name)
		i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
		if i < 0 {
			f.fail(at, "this key is unknown: %s", suggest(name, keys))
			continue
		}
		keys[i].read(at, value)
	}
}

func (f *file) list(each reader) reader {
	return func(path string, value any) {
		list, ok := value.([]any)
		if !ok {
			f.fail(path, "want a list, not %s", describe(value))
		} else if len(list) == 0 {
			f.fail(path, "want something in the list")
		}
		for i, value := range list {
			each(element(path, i), value)
		}
	}
}

func (f *file) text(dst *string) reader {
	return func(path string, value any) {
		text, ok := value.(string)
		if !ok {
			f.fail(path, "want text in quotes, not %s", describe(value))
		}
		*dst = text
	}
}

// data reads a template: a text, or in JSON also an object or a list, of which the
// JSON text is the template.
func (f *file) data(dst *string) reader {
	return func(path string, value any) {
		var compact bytes.Buffer
		if _, isText := value.(string); isText || f.source[path] == nil {
			f.text(dst)(path, value)
		} else if err := json.Compact(&compact, f.source[path]); err != nil {
			f.fail(path, "%v", err)
		} else {
			*dst = compact.String()
		}
	}
}

// number reads a number. If zero is false, 0 is an error: in a file it does not mean
// the default.
func (f *file) number(dst *float64, zero bool) reader {
	return func(path string, value any) {
		number, ok := value.(json.Number)
		n, _ := number.Float64() // a number that is too large becomes infinite, and check returns an error for it
		if !ok || n == 0 && !zero {
			f.fail(path, "want a number above 0, not %s", describe(value))
			return
		}
		*dst = n
	}
}

func (f *file) count(dst *int) reader {
	return func(path string, value any) {
		number, _ := value.(json.Number)
		n, err := strconv.Atoi(number.String())
		if err != nil || n <= 0 {
			f.fail(path, "want a whole number above 0, not %s", describe(value))
			return
		}
		*dst = n
	}
}

// id reads a number, or a text of digits, as routes do.
func (f *file) id(path string, value any) uint64 {
	text, ok := value.(string)
	if number, isNumber := value.(json.Number); isNumber {
		text, ok = number.String(), true
	}
	id, err := wire.ParseSnowflake(text)
	if !ok || err != nil {
		f.fail(path, "want an id in digits, not %s", describe(value))
	}
	return uint64(id)
}

func (f *file) duration(dst *time.Duration, zero bool) reader {
	return func(path string, value any) {
		text, ok := value.(string)
		d, err := time.ParseDuration(text)
		if !ok || err != nil || d == 0 && !zero {
			f.fail(path, `want a time above 0 such as "500ms" or "2s", not %s`, describe(value))
			return
		}
		*dst = d
	}
}

// describe returns the text for a value in an error.
func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "null"
	case string:
		return fmt.Sprintf("%.60q", v)
	case json.Number, bool:
		return fmt.Sprint(v)
	case []any:
		return "a list"
	case map[string]any:
		return "keys and values"
	}
	return "a date" // only TOML has dates
}

// suggest names a key that is similar to name, or else all keys.
func suggest(name string, keys []key) string {
	names := make([]string, len(keys))
	for i, k := range keys {
		names[i] = k.name
		if distance(name, k.name) <= max(1, len(k.name)/3) {
			return "did you mean " + k.name + "?"
		}
	}
	return "want one of " + strings.Join(names, ", ")
}

// distance returns the number of letters to change, add or remove to get from a to b.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
