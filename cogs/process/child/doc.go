// Package child is what runs in the process of a cog: it answers the bot over
// the socket that the bot gave it. Package process writes a main package that
// calls [Main]; who builds a cog by hand writes the same:
//
//	package main
//
//	func main() { child.Main(stats.Cog()) }
//
// Calls, limits, time limits, panics and contexts work as in the bot itself,
// since the same router runs them.
package child
