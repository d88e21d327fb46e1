// Package protocol has the messages of both dialects that a cogbus server speaks:
// [Request], [Reply] and their Append functions for cogbus.v1, [Envelope],
// [AppendEnvelope] and [ParseValue] for the dialect of the Python package
// discord-ext-ipcx. It is for authors of clients and servers; docs/protocol.md
// describes the messages. Bots and dashboards need packages cogs and client instead.
//
// Everything in this package may be used by several goroutines at once, as long as
// they do not share the values that a method fills.
package protocol
