//go:build !unix

package transport

// tryWrite is never called: here connections have no batcher.
func tryWrite(uintptr, []byte) int { return 0 }
