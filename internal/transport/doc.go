// Package transport carries messages over WebSocket connections. It is the only package
// of cogbus that knows the WebSocket library.
//
// Send gathers messages. They leave when a goroutine flushes, at the latest when the
// reader is about to wait for the peer, so the replies to all requests of one read
// leave in one write. Compression is never negotiated.
package transport
