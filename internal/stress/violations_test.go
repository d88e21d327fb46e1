//go:build stress

package stress

import (
	"fmt"
	"io"
	"sync"
)

// The bound for one kind among the first 30 violations, so that a frequent kind does
// not hide a rare one.
const (
	mostDetails = 30
	mostOfAKind = 6
)

// violations are the broken promises that were found.
type violations struct {
	mu      sync.Mutex // protects the fields below
	count   int
	kinds   []string // in the order in which they were found
	ofKind  map[string]int
	details []string
}

func newViolations() *violations { return &violations{ofKind: map[string]int{}} }

// add notes a violation. The kind is a promise, told as its opposite.
func (v *violations) add(kind, format string, args ...any) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.count++
	if v.ofKind[kind]++; v.ofKind[kind] == 1 {
		v.kinds = append(v.kinds, kind)
	}
	if v.ofKind[kind] <= mostOfAKind && len(v.details) < mostDetails {
		v.details = append(v.details, kind+": "+fmt.Sprintf(format, args...))
	}
}

// report prints the number of each kind, and the first ones.
func (v *violations) report(out io.Writer) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.count == 0 {
		fmt.Fprintln(out, "no violation")
		return
	}
	fmt.Fprintf(out, "%d violations:\n", v.count)
	for _, kind := range v.kinds {
		fmt.Fprintf(out, "  %d × %s\n", v.ofKind[kind], kind)
	}
	fmt.Fprintf(out, "of these:\n")
	for _, d := range v.details {
		fmt.Fprintf(out, "  %s\n", d)
	}
}
