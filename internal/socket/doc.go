// Package socket reads and writes sockets of the system without waiting, whatever
// mode they are in. Package net makes each socket one that does not block, but the
// mode belongs to the socket and not to its connection: the File method of a
// connection followed by Fd, as somebody calls it who sets an option by hand or hands
// a listener to another process, makes the socket block under a connection that
// relies on it.
package socket
