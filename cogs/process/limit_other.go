//go:build unix && !linux

package process

// limitMemory does nothing: here only the Go runtime keeps the limit, which it gets as
// GOMEMLIMIT.
func limitMemory(int, int64) error { return nil }

// awaitExit always returns false: here a wait would release the id of the process.
func awaitExit(int) bool { return false }
