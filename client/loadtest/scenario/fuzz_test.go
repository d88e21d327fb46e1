package scenario

import (
	"bytes"
	"strings"
	"testing"
)

// FuzzParse checks that no file makes Parse panic, that each error names its place, and
// that each scenario compiles and draws.
func FuzzParse(f *testing.F) {
	f.Add(goodTOML, false)
	f.Add(goodJSON, true)
	f.Add("[[a]]\n[[a.b]]\nx = '''y'''\nz = {\"w\" = [[1], {}], v = \"\\u0061\"}\n\"a.b\".c = 2024-01-01 10:00:00", false)
	f.Add(`{"a": [{"b": null, "b": [true, -1.5e3]}, "\ud800"], "": {}}`, true)
	f.Add("[[route]]\nname = 'a'\ndata = '{{if eq (rand 2) 1}}1{{else}}{{printf `%d` user}}{{end}}'", false)
	f.Fuzz(func(t *testing.T, text string, json bool) {
		for _, endless := range []string{"range", "template", "block", "pad"} {
			if strings.Contains(text, endless) {
				return // because it may take any time, or any memory
			}
		}
		name := "f.toml"
		if json {
			name = "f.json"
		}
		s, err := Parse(name, []byte(text))
		if err != nil {
			for line := range strings.Lines(err.Error()) {
				if strings.HasPrefix(line, name+":") {
					return
				}
			}
			t.Fatalf("Parse(%s, %q) = %v; want a line", name, text, err)
		}
		checkPlaces(t, name, bytes.TrimPrefix([]byte(text), []byte("\uFEFF")))
		p, err := s.Compile()
		if err != nil {
			t.Fatalf("Parse(%s, %q) = %+v, which does not compile: %v", name, text, s, err)
		}
		if route, _, err := p.Draw(1, 2).Next(nil, 3); err == nil && route >= len(p.Routes) {
			t.Errorf("Next = route %d; there are %d", route, len(p.Routes))
		}
	})
}

// FuzzPlaces checks the same as TestPlaces for other documents.
func FuzzPlaces(f *testing.F) {
	f.Add("a.b.\"c d\".'e' = 1 # comment\n['x y'.z]\nq = [[1, [2]], {a = {b = 1}}, ]\n", false)
	f.Add("a = \"\"\"\n[x]\n\\\"\"\"\"\"\"\nb = '''\n]''''\nc = [ # ]\n\"]\", '#',\n]\n\td=1979-05-27 07:32:00\n", false)
	f.Add("[[a]]\n[[a.b]]\n[a.b.c]\nx=1\n[[a.b]]\nx=2\n[[a]]\n[[a.b]]\ny.z=3\n", false)
	f.Add(goodJSON, true)
	f.Fuzz(func(t *testing.T, text string, json bool) {
		name := "f.toml"
		if json {
			name = "f.json"
		}
		if file := (&file{content: []byte(text)}); file.isUTF8() {
			checkPlaces(t, name, []byte(text))
		}
	})
}
