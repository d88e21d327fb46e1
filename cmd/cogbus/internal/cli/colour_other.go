//go:build !windows

package cli

import "os"

// understands reports whether a terminal takes the sequences that paint. All terminals
// of Unix do, except for those that TERM calls dumb.
func understands(*os.File) bool { return true }
