package call

import (
	"sync/atomic"
	"time"

	"github.com/cogbus/cogbus/internal/instance"
)

// A Place is where calls are served: an endpoint of one generation of a cog. It
// never changes, but for its Pace.
type Place struct {
	Cog        string
	Generation uint64
	Endpoint   *instance.Endpoint
	Timeout    time.Duration
	Ordered    bool // calls wait for their turn in lanes
	Keyed      bool // they have reserved a place there when they are admitted; their keys come next
	Gate       Gate
	Counts     *Counts       // nil for listeners and ticks
	Panics     *atomic.Int64 // of handlers of the cog
	Pace       Pace
}

// A Gate has admitted calls, and gets their places back.
type Gate interface {
	// Seek says that the search for the key of an admitted call begins.
	Seek(c *Call)

	// Commit says that the key of an admitted call is found. It reports whether its
	// turn has come; otherwise the gate will hand it off, or has rejected it.
	Commit(c *Call, key string) (turn bool)

	// Leave says that an admitted call is over, or was given up.
	Leave(c *Call)
}

// A Pace tells whether handlers are quick enough to run on the goroutine that read the
// request. It starts with no, since nothing is known of a new handler.
type Pace struct{ score atomic.Int32 }

const (
	quickRun   = 100 * time.Microsecond
	quickScore = 4   // quick runs in a row that it takes
	slowScore  = -60 // after a handler has held up its connection, many more
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
