//go:build !unix

package socket

// Unblock does nothing: here sockets have no such mode.
func Unblock(any) {}
