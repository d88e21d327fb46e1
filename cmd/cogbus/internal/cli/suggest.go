package cli

import (
	"cmp"
	"slices"
	"strings"
)

// Near returns at most three names that the user may have meant by name, the likeliest
// first. A swap of two letters counts as one mistake. So it is enough to allow few
// mistakes: with two in four letters, kill would be taken for call.
func Near(name string, names []string) []string {
	type candidate struct {
		name     string
		distance int
	}
	var list []candidate
	for _, n := range names {
		d := distance(strings.ToLower(name), strings.ToLower(n))
		if len(name) > 2 && strings.Contains(n, name) || len(n) > 2 && strings.Contains(name, n) {
			d = min(d, 1) // a part of a name is a good guess, even if the rest is long
		}
		if d <= max(1, (len(name)+1)/3) && d < len(name) {
			list = append(list, candidate{n, d})
		}
	}
	slices.SortStableFunc(list, func(a, b candidate) int { return cmp.Compare(a.distance, b.distance) })
	var similar []string
	for _, c := range list[:min(3, len(list))] {
		if c.distance <= list[0].distance+1 { // worse names beside a good one only confuse
			similar = append(similar, c.name)
		}
	}
	return similar
}

// distance returns the number of letters to insert, delete, replace or swap that turn a
// into b.
func distance(a, b string) int {
	before, above, row := []int(nil), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range above {
		above[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			change := above[j]
			if a[i] != b[j] {
				change++
			}
			row[j+1] = min(change, above[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, above, row = above, row, make([]int, len(b)+1)
	}
	return above[len(b)]
}

// DidYouMean returns the end of an error about an unknown name. It returns "" if there are
// no similar names.
func DidYouMean(similar []string) string {
	switch n := len(similar); n {
	case 0:
		return ""
	case 1:
		return ": did you mean " + similar[0] + "?"
	default:
		return ": did you mean " + strings.Join(similar[:n-1], ", ") + " or " + similar[n-1] + "?"
	}
}
