// Package socket reads and writes sockets of the system without waiting, also if a
// socket is in blocking mode. Package net puts each socket into the mode that does not
// block. But the mode belongs to the socket and not to its net.Conn: a program that
// calls File and then Fd on a connection, to set an option or to hand a listener to
// another process, puts the socket into blocking mode under a net.Conn that relies on
// the other one.
package socket
