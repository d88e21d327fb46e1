package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestDocs_paths looks up each file and folder that a page names in backticks, and each
// target of a link.
func TestDocs_paths(t *testing.T) {
	root := filepath.Join("..", "..")
	top := `(?:actors|client|cmd|cogs|docs|examples|internal|wire)`
	named := regexp.MustCompile("`(" + top + "/[\\w./-]+)`")
	linked := regexp.MustCompile(`\]\(([^)\s]*[.#/][^)\s]*)\)`) // not a call of an indexed function in code
	count := 0
	for _, page := range pagesOf(t) {
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		look := func(path string) {
			count++
			if _, err := os.Stat(path); err != nil {
				t.Errorf("%s names %s, which does not exist", filepath.Base(page), path)
			}
		}
		for _, m := range named.FindAllStringSubmatch(string(text), -1) {
			look(filepath.Join(root, m[1]))
		}
		for _, m := range linked.FindAllStringSubmatch(string(text), -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			switch {
			case strings.Contains(target, "://"):
			case target == "":
				if !hasHeading(string(text), anchor) {
					t.Errorf("%s links to #%s, which is no heading of it", filepath.Base(page), anchor)
				}
			default:
				to := filepath.Join(filepath.Dir(page), target)
				look(to)
				if other, err := os.ReadFile(to); err == nil && anchor != "" && !hasHeading(string(other), anchor) {
					t.Errorf("%s links to %s, which has no such heading", filepath.Base(page), m[1])
				}
			}
		}
	}
	if count < 20 {
		t.Errorf("the pages name %d files; want more: the patterns find too few", count)
	}
}

// pagesOf returns the paths of the pages of this module.
func pagesOf(t *testing.T) (pages []string) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md"} {
		found, err := filepath.Glob(filepath.Join("../..", filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, found...)
	}
	return pages
}

// hasHeading reports whether a page has the heading that an anchor names, by GitHub's
// rule: lower case, without punctuation, blanks as hyphens.
func hasHeading(page, anchor string) bool {
	drop := regexp.MustCompile(`[^\w\- ]`)
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(strings.TrimLeft(line, "#"), " "); ok && strings.HasPrefix(line, "#") {
			slug := strings.ReplaceAll(drop.ReplaceAllString(strings.ToLower(strings.TrimSpace(title)), ""), " ", "-")
			if slug == anchor {
				return true
			}
		}
	}
	return false
}
