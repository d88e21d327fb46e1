// Package stress puts load of every kind on a bot and keeps a ledger of it. Its tests
// run only under the build tag stress, by make stress, since they take minutes.
//
// A real server on loopback has cogs that behave well, and cogs that do not. Clients of
// both dialects call them, cut connections and cancel, while admins reload, unload and
// kill. Each call has a line in the ledger: its caller, the number of its runs, its
// answer. At the end the tests judge the lines by the promises of docs/architecture.md,
// and print them.
package stress
