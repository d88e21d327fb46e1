package call

import (
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
)

// A Place serves calls: it is an endpoint of one generation of a cog. Only its Pace
// changes.
type Place struct {
	Cog        string
	Generation uint64
	Endpoint   *instance.Endpoint
	Timeout    time.Duration
	Ordered    bool // calls wait for their turn in lanes
	Keyed      bool // calls reserve a position in the lanes when admitted; their keys are found afterwards
	Gate       Gate
	Counts     *Counts       // nil for listeners and ticks
	Panics     *atomic.Int64 // number of handlers of the cog that have panicked
	Pace       Pace
}

// A Gate admits calls, and gets their places back.
type Gate interface {
	// Seek tells the gate that user code begins to find the key of an admitted call.
	Seek(c *Call)

	// Commit tells the gate the key of an admitted call. It returns true if the call's
	// turn has come. Otherwise the gate will hand the call off later, or has rejected
	// it.
	Commit(c *Call, key string) (turn bool)

	// Leave tells the gate that an admitted call is over, or was cancelled before it
	// ran.
	Leave(c *Call)
}

// A Pace decides whether handlers are quick enough to run on the goroutine that read the
// request. A new handler counts as slow until it has proved to be quick.
type Pace struct{ score atomic.Int32 }

const (
	quickRun   = 100 * time.Microsecond
	quickScore = 4   // a new handler counts as quick after so many quick runs in a row
	slowScore  = -60 // the score of a handler that has held up its connection
)

// Quick reports whether the handlers are quick.
func (p *Pace) Quick() bool { return p.score.Load() >= quickScore }

// Ran notes how long a handler took.
func (p *Pace) Ran(took time.Duration) {
	switch {
	case took > quickRun:
		p.Lag()
	case p.score.Load() < quickScore:
		p.score.Add(1)
	}
}

// Lag notes that the handlers were not quick this time.
func (p *Pace) Lag() {
	if p.score.Load() > 0 {
		p.score.Store(0)
	}
}

// Stall notes that a handler has held up its connection.
func (p *Pace) Stall() { p.score.Store(slowScore) }
