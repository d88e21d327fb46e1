// Package conns has the connections of a load test. Each Conn is a client of the
// bot. While it is in use, the load test may replace its client by another one, and
// may cut its network connections or stop the bytes in them.
package conns
