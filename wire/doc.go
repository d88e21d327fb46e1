// Package wire is what a bot and its callers say to each other: routes, errors,
// Discord ids, and the messages of both dialects. It imports nothing of cogbus,
// so a contract package can import it anywhere:
//
//	package api
//
//	// CountMembers counts the members of a guild.
//	const CountMembers wire.Route[Guild, Members] = "members.count"
//
// Most programs need [Route], [Error], [CodeOf] and [Snowflake] alone. The
// message types serve those who write a client or a server of their own:
// [Envelope] and [AppendEnvelope] for the dialect of the Python package
// discord-ext-ipcx, [Request], [Reply] and their Append functions for
// cogbus.v1. docs/protocol.md describes both.
//
// Everything in this package may be used by several goroutines at once, as long
// as they do not share the values that a method fills.
package wire
