//go:build !unix

package socket

// Unblock does nothing, since sockets have no such mode here.
func Unblock(any) {}
