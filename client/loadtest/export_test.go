package loadtest

import (
	"context"

	"github.com/cogbus/cogbus/client"
)

// A Pipe is a line in the Python package's dialect.
type Pipe struct{ line line }

// OpenPipe lets a test call by a line without a run.
func OpenPipe(ctx context.Context, target string, o *client.Options) (Pipe, error) {
	l, err := openPipe(ctx, target, o)
	return Pipe{l}, err
}

func (p Pipe) Call(ctx context.Context, endpoint string, data []byte) error {
	return p.line.call(ctx, endpoint, data)
}

func (p Pipe) Close() { p.line.close() }
