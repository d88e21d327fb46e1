package socket

import "net"

// A Listener is a listener whose socket may become one that blocks at any time, and
// which may accept connections that block.
type Listener struct{ net.Listener }

// Accept waits for the next connection.
func (l Listener) Accept() (net.Conn, error) {
	Unblock(l.Listener) // Close would wait for this call
	conn, err := l.Listener.Accept()
	if err == nil {
		Unblock(conn)
	}
	return conn, err
}
