// Package dialect speaks with clients: in cogbus.v1, or as the Python package's
// server does. It authenticates them, makes calls of what they ask, and answers.
//
// A connection's reader runs quick handlers itself. A watchdog finds a reader
// that has been running the same handler for a while and starts another one in
// its place, so that a slow handler holds up nobody.
package dialect
