// Package dialect speaks with clients: in cogbus.v1, or in ipcx, like the Python package's
// server. It authenticates clients, turns their requests into calls, and sends the answers.
//
// A connection's reader runs quick handlers itself. A watchdog finds a reader that has
// been running the same handler for a while and starts another one in its place, so
// that a slow handler delays no other call.
package dialect
