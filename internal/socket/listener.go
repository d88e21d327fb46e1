package socket

import "net"

// A Listener accepts connections from a socket that any code may put into blocking mode
// at any time. The connections may be in that mode too.
type Listener struct{ net.Listener }

// Accept waits for the next connection.
func (l Listener) Accept() (net.Conn, error) {
	Unblock(l.Listener) // otherwise Close would wait for this call
	conn, err := l.Listener.Accept()
	if err == nil {
		Unblock(conn)
	}
	return conn, err
}
