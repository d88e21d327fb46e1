//go:build unix

package socket

import (
	"net"
	"syscall"
)

// Unblock makes the socket under conn, a connection or a listener, one that does not
// block again. In a call that blocks, package net would heed neither a deadline nor
// Close, and Close would wait for that call. It is of no use for who waits already.
func Unblock(conn any) {
	if above, ok := conn.(interface{ NetConn() net.Conn }); ok { // TLS
		conn = above.NetConn()
	}
	c, ok := conn.(syscall.Conn)
	if !ok {
		return
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return // it is closed, which its user will meet
	}
	_ = raw.Control(func(fd uintptr) { _ = syscall.SetNonblock(int(fd), true) }) // likewise
}
