// Package child runs a cog in a process of its own: it answers the bot over
// the socket that the bot gave it. Package process writes a main package that
// calls [Main]. To build a cog by hand, write the same:
//
//	package main
//
//	func main() { child.Main(stats.Cog()) }
//
// Calls, limits, time limits, panics and contexts work as in the bot itself,
// since the same router runs the calls.
package child
