// Package lines has the connections of a load test. Each line is a client of the
// bot, which may be replaced by another one in use, and to which can be done what
// networks do.
package lines
