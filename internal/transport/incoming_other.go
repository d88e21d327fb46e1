//go:build !unix

package transport

// waitWithoutBuffer does nothing: here a buffer is what is waited with.
func (in *incoming) waitWithoutBuffer(any) {}
