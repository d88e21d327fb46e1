//go:build !unix || aix

package transport

import "net"

// waitWithoutBuffer does nothing: here a buffer is what is waited with.
func (in *incoming) waitWithoutBuffer(net.Conn) {}
