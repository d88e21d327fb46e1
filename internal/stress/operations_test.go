//go:build stress

package stress

import (
	"context"
	"strings"
	"sync"
	"time"
)

// forgiven is the time by which an operation may pass its limit on a busy machine.
const forgiven = 10 * time.Second

// operations has the outcomes of all operations on the bot, other than calls.
type operations struct {
	bad *violations

	mu    sync.Mutex // protects the fields below
	names []string
	rows  map[string]*operationRow
}

type operationRow struct {
	done, planned, refused, failed int
	longest, limit                 time.Duration
}

// An operation is one kind of operations.
type operation struct {
	name    string
	limit   time.Duration
	refused func(error) bool // reports whether it may fail with that error; nil: it may not fail
}

func newOperations(bad *violations) *operations {
	return &operations{bad: bad, rows: map[string]*operationRow{}}
}

// do runs an operation. It reports false if f does not return; then the caller should
// ask for nothing more.
func (o *operations) do(op operation, f func(context.Context) error) bool {
	began := time.Now()
	ended := make(chan struct{})
	var err error
	go func() { // ends when f returns
		defer close(ended)
		err = f(context.Background())
	}()
	if !within(op.limit+forgiven+time.Minute, ended) {
		o.bad.add("an operation does not end", "%s has not in %v; its limit is %v", op.name, time.Since(began), op.limit)
		return false
	}
	took := time.Since(began)
	o.mu.Lock()
	defer o.mu.Unlock()
	row := o.rows[op.name]
	if row == nil {
		row = &operationRow{limit: op.limit}
		o.rows[op.name] = row
		o.names = append(o.names, op.name)
	}
	row.longest = max(row.longest, took)
	switch {
	case err == nil:
		row.done++
	case strings.Contains(err.Error(), "planned"):
		row.planned++
	case op.refused != nil && op.refused(err):
		row.refused++
	default:
		row.failed++
		o.bad.add("an operation fails", "%s: %v", op.name, err)
	}
	if took > op.limit+forgiven {
		o.bad.add("an operation takes too long", "%s took %v; its limit is %v: %v", op.name, took, op.limit, err)
	}
	return true
}
