package compat

import (
	"bufio"
	"bytes"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"
)

// A golden is one recorded case.
type golden struct {
	node

	id     string // target:name
	name   string
	area   string
	target string // ipcx-server, ipc-server, multicast, ipcx-client or ipc-client
	fix    bool   // the Python package is wrong: cogbus must do as the case's "better" says
	better string
}

// script reports whether the case is a list of steps with observations, and not
// one dialogue.
func (g golden) script() bool { return strings.HasPrefix(g.get("setup").get("kind").str, "script") }

// secret returns the secret of the case, nil if it has none. A number or bytes in Python
// becomes the string of the same text, because secrets of cogbus are always strings.
func (g golden) secret() *string {
	n := g.get("setup").get("secret")
	switch n.kind {
	case 'n':
		return nil
	case '"':
		s := strings.TrimPrefix(n.str, "bytes:")
		return &s
	case '#':
		return &n.raw
	}
	s := "s3cret" // script cases do not record it
	return &s
}

// loadGolden reads the recorded cases from the file that GOLDEN names, or else
// from testdata.
func loadGolden(t *testing.T) []golden {
	t.Helper()
	file := os.Getenv("GOLDEN")
	if file == "" {
		file = filepath.Join("testdata", "golden.jsonl")
	} else if _, err := os.Stat(file); err != nil {
		file = filepath.Join("..", "..", file) // relative to the folder where make runs
	}
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var cases []golden
	for i, line := range bytes.Split(bytes.TrimSpace(text), []byte("\n")) {
		n, err := parse(line)
		if err != nil {
			t.Fatalf("%s:%d: %v", file, i+1, err)
		}
		g := golden{
			node:   n,
			id:     n.get("id").str,
			area:   n.get("area").str,
			target: n.get("target").str,
			fix:    n.get("note").str == "fix",
			better: n.get("better").str,
		}
		g.name = g.id[strings.LastIndex(g.id, ":")+1:]
		if note := n.get("note").str; g.name == "" || note != "fix" && note != "compat" {
			t.Fatalf("%s:%d: a case with id %q and note %q", file, i+1, g.id, note)
		}
		cases = append(cases, g)
	}
	return cases
}

// An exclusion names cases that are not replayed.
type exclusion struct {
	pattern string // a pattern of path.Match for ids
	reason  string
	family  bool // it may match nothing, because it is for other files of the same form
	used    int
}

type exclusions []*exclusion

// loadExclusions reads lines of a pattern, a tab and a reason. A line that starts with + is
// for a family of cases, which this golden file may not have.
func loadExclusions(t *testing.T) exclusions {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "exclusions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var list exclusions
	scan := bufio.NewScanner(f)
	for scan.Scan() {
		line := scan.Text()
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		pattern, reason, _ := strings.Cut(line, "\t")
		e := &exclusion{reason: strings.TrimSpace(reason)}
		e.pattern, e.family = strings.CutPrefix(pattern, "+")
		if _, err := path.Match(e.pattern, ""); err != nil || e.reason == "" {
			t.Fatalf("exclusions.txt: %q needs a pattern, a tab and a reason", line)
		}
		list = append(list, e)
	}
	if scan.Err() != nil {
		t.Fatal(scan.Err())
	}
	return list
}

// find returns the exclusion that matches id, nil if there is none.
func (list exclusions) find(id string) *exclusion {
	for _, e := range list {
		if ok, _ := path.Match(e.pattern, id); ok {
			e.used++
			return e
		}
	}
	return nil
}

// unused returns an error for each exclusion that has not matched any case.
func (list exclusions) unused() (errs []error) {
	for _, e := range list {
		if e.used == 0 && !e.family && os.Getenv("GOLDEN") == "" {
			errs = append(errs, fmt.Errorf("exclusions.txt: no case is called %q", e.pattern))
		}
	}
	return errs
}
