// Package wire has the things that a bot and its callers share: routes, errors and
// Discord ids. It imports nothing but the standard library, so a contract package, the
// one that both sides import, can use it anywhere:
//
//	package api
//
//	// CountMembers counts the members of a guild.
//	const CountMembers wire.Route[Guild, Members] = "members.count"
//
// Package wire/admin has the routes that every bot serves itself. Package wire/protocol
// has the messages, for authors of other clients and servers.
//
// Several goroutines may use everything in this package at once, as long as they do not
// share the values that a method fills.
package wire
