// Package dialect speaks with clients: in cogbus.v1, or like the Python package's
// server. It authenticates them, makes calls of their requests, and answers.
//
// A connection's reader runs quick handlers itself. A watchdog finds a reader that has
// been running the same handler for a while and starts another one in its place, so
// that a slow handler delays no other call.
package dialect
