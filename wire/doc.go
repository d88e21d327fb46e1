// Package wire has what a bot and its callers both need to know: routes, errors and
// Discord ids. It imports nothing but the standard library, so a contract package, the
// one that both sides share, can import it anywhere:
//
//	package api
//
//	// CountMembers counts the members of a guild.
//	const CountMembers wire.Route[Guild, Members] = "members.count"
//
// Package wire/admin has the routes that every bot serves itself. Package wire/protocol
// has the messages, for authors of other clients and servers.
//
// Everything in this package may be used by several goroutines at once, as long as
// they do not share the values that a method fills.
package wire
