// Package client calls the routes of a running bot from other processes: a
// dashboard, an admin script, another bot.
//
//	func main() {
//		ctx := context.Background()
//		bot, err := client.Dial(ctx, "ws://localhost:8765", &client.Options{Secret: os.Getenv("BOT_SECRET")})
//		if err != nil {
//			log.Fatal(err)
//		}
//		defer bot.Close()
//		n, err := client.Call(ctx, bot, api.CountMembers, api.Guild{ID: 81384788765712384})
//		fmt.Println(n, err)
//	}
//
// The package api declares the route for both sides, see package wire. A route
// that is not known when the program is built is called by [Client.Request].
//
// Bots of the Python package discord-ext-ipcx are called the same way, with an
// ipcx:// or discover:// target. [New] lists the targets.
//
// # Connections
//
// A client of a ws, wss or unix target has one connection for any number of
// calls. It connects with [Dial] or at the first call, which fails at once if the
// bot is not there. When a connection is lost, later calls wait while the client
// connects again, each until its own deadline. It does not try while no call waits.
// The client sends no call twice.
//
// A client of an ipcx or discover target makes a connection for each call, since
// the Python package's servers answer one, and at most 64 at a time.
//
// # Errors
//
// Each error of a call has a [*wire.Error] in its tree. Its code, which [wire.CodeOf]
// returns, says how the call has failed. Errors of the bot arrive unchanged; the
// client adds these:
//
//	bad_request   the request cannot be encoded: [ErrEncode] is in the tree
//	unauthorized  the secret is wrong or missing, or the bot does not prove that it knows it
//	timeout       the deadline has passed; the call may have run, unless the error says that it was not sent
//	canceled      the context was cancelled, or the client closed; the call may have run
//	overloaded    as many calls as possible are under way, or as many bytes, until the deadline; not run
//	unavailable   there is no connection, and the reason is in the tree; not run
//	interrupted   the connection was lost before the reply; the call may have run
//	too_large     the request, which was not sent, or a reply passes the size limit
//	internal      the reply does not decode as the route's response; the call has run
//
// ErrMayHaveRun is in the tree of the errors of calls that may have run. [SafeToRetry]
// tells whether to make a call again.
//
// For programs that come from the Python package, which had a type for each:
//
//	IPCError                      errors.As with a *wire.Error
//	JSONEncodeError               errors.Is with ErrEncode
//	NoEndpointFoundError          code no_route
//	NotConnectedError             code unavailable or interrupted, or errors.Is with ErrClosed
//	ServerConnectionRefusedError  errors.Is with syscall.ECONNREFUSED
//
// The Python package sends errors as ordinary objects {"error": ..., "code": ...},
// and a client cannot tell them from results that look the same. They become errors
// here; errors.As with a [*protocol.ErrorObject] gives their text.
//
// # Concurrency
//
// Everything may be used by any number of goroutines at once. Encoding and
// decoding happen on the goroutine that calls: a reply that is slow to decode
// delays no other call. A call whose context is cancelled returns at once,
// and the bot is told if it reads.
//
// # Security
//
// To ws, wss and unix targets the secret is never sent: each end proves that it
// knows it, and the client does not speak with a server that does not. Only TLS
// protects later messages, so use wss to other hosts. The Python package's
// protocol sends the secret in clear; see [Options.AllowCleartextSecret].
//
// # Testing
//
// A server in the same process offers a function for [Options.DialContext], which
// needs no network and works in a testing/synctest bubble.
package client
