//go:build !unix

package frames

// write leaves all to the goroutine that waits.
func write(uintptr, []byte) (int, error) { return 0, nil }
