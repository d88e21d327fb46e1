//go:build !unix || aix

package transport

import "net"

// waitWithoutBuffer does nothing: here the reader needs a buffer while it waits.
func (in *readBuffer) waitWithoutBuffer(net.Conn) {}
