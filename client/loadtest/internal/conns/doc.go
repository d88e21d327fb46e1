// Package conns has the connections of a load test. Each Conn is a client of the
// bot. While it is in use, the load test may replace its client by another one, and
// may do to it what networks do: cut it, or stop the bytes in it.
package conns
