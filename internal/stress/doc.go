// Package stress puts load of every kind on a bot and keeps a ledger of it. Its
// tests run under the build tag stress alone, by make stress: they take minutes.
//
// A real server on loopback has cogs that do what cogs do, and what they should
// not. Clients of both dialects call them, cut connections and cancel; admins
// reload, unload and kill them meanwhile. Each call has a line in the ledger: who
// made it, how often it ran, what was answered. In the end the lines are judged by
// what docs/architecture.md promises, and printed.
package stress
