package archtest

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxColumns is the length to which lines of prose are wrapped in pages.
const maxColumns = 120

// linkTarget is the address of a link. Its words are not prose.
var linkTarget = regexp.MustCompile(`\]\([^)]*\)`)

// TestDocs_plain bounds the relatives without a noun in the prose of each page, as
// TestComments_plain does for comments.
func TestDocs_plain(t *testing.T) {
	pages := pagesOf(t)
	if len(pages) < 10 {
		t.Errorf("the pages are %v; want at least 10", pages)
	}
	for _, page := range pages {
		var p prose
		for _, paragraph := range paragraphsOf(t, page) {
			p.words += len(strings.Fields(paragraph))
			p.relatives += len(relatives.FindAllString(paragraph, -1))
		}
		name := filepath.Base(page)
		t.Logf("%-20s %5d words, %3d relatives: %4.1f per 1,000", name, p.words, p.relatives, p.rate())
		if p.rate() >= plainLimit {
			t.Errorf("%s has %.1f relatives per 1,000 words; want less than %d: write the noun", name, p.rate(), plainLimit)
		}
	}
}

// TestDocs_wrapped looks for lines that are too long to be read beside code. Tables and
// code cannot be wrapped.
func TestDocs_wrapped(t *testing.T) {
	for _, page := range pagesOf(t) {
		for n, line := range proseOf(t, page) {
			if length := utf8.RuneCountInString(line); length > maxColumns && !strings.HasPrefix(line, "|") {
				t.Errorf("%s:%d has %d columns; want at most %d", filepath.Base(page), n+1, length, maxColumns)
			}
		}
	}
}

// paragraphsOf returns the prose of a page, without code, quotations and addresses. An
// odd quote hides at most the rest of its paragraph from the count.
func paragraphsOf(t *testing.T, page string) (all []string) {
	t.Helper()
	var text strings.Builder
	for _, line := range proseOf(t, page) {
		if strings.HasPrefix(line, "|") {
			text.WriteByte('\n') // each row is a paragraph
		}
		text.WriteString(line + "\n")
	}
	for paragraph := range strings.SplitSeq(text.String(), "\n\n") {
		all = append(all, linkTarget.ReplaceAllString(quoted.ReplaceAllString(paragraph, ""), "]"))
	}
	return all
}

// proseOf returns the lines of a page. Lines of code are empty. Code stands between
// fences, or is indented by four columns and follows an empty line.
func proseOf(t *testing.T, page string) []string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(string(text), "\n")
	fenced, indented, list := false, false, false
	for i, line := range lines {
		deep := strings.HasPrefix(line, "    ")
		switch {
		case strings.HasPrefix(line, "```"):
			fenced = !fenced
			lines[i] = ""
			continue
		case line == "":
			continue
		case deep && !list && i > 0 && lines[i-1] == "":
			indented = true
		case !deep:
			indented = false
			list = strings.HasPrefix(line, "* ") || strings.HasPrefix(line, "- ") || line[0] >= '1' && line[0] <= '9' || list && line[0] == ' '
		}
		if fenced || indented {
			lines[i] = ""
		}
	}
	return lines
}
