package call

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/cogbus/cogbus/internal/histogram"
	"github.com/cogbus/cogbus/wire"
)

// Counts are a gate's counters of calls, without events and ticks. Counting a call costs
// one atomic addition. Only one call of timedOf is timed, chosen by the low bits of that
// sum, because reading the clock three times costs as much as a quick handler. Known
// bias: if one caller repeats the same eight requests in turn, only one of the eight is
// ever timed.
type Counts struct {
	Queue   histogram.Histogram // from the arrival to the handler's start
	Handler histogram.Histogram // from the handler's start to its end

	calls   atomic.Uint64
	refused [len(refusals)]atomic.Uint64 // by the index of the code in refusals

	mu     sync.Mutex // protects others
	others map[wire.Code]uint64
}

const timedOf = 8

// refusals are the codes with which cogbus itself refuses calls. Another code can only
// come from a request type that decodes itself, which is rare.
var refusals = [...]wire.Code{
	wire.Overloaded, wire.Unavailable, wire.Timeout, wire.Canceled, wire.NoRoute, wire.BadRequest, wire.Interrupted, wire.Internal,
}

// The number of codes outside refusals that are counted one by one, and the name under
// which all further codes are counted together.
const (
	maxOthers            = 64
	otherCodes wire.Code = "others"
)

// arrived counts a call. It reports whether the call is to be timed.
func (n *Counts) arrived() (timed bool) { return n.calls.Add(1)%timedOf == 1 }

// Refused counts a call that will not reach a handler, by the code that its caller
// gets. Two callers may use it: the goroutine that has moved the call to over, and the
// maker while no other goroutine knows the call.
func (c *Call) Refused(err error) {
	if c.target == nil || c.target.Counts == nil {
		return
	}
	n := c.target.Counts
	code := wire.CodeOf(err)
	if i := slices.Index(refusals[:], code); i >= 0 {
		n.refused[i].Add(1)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.others == nil {
		n.others = map[wire.Code]uint64{}
	}
	if _, known := n.others[code]; !known && len(n.others) >= maxOthers {
		code = otherCodes // a type may make a code of the text of a request, so codes are without limit
	}
	n.others[code]++
}

// Read returns the number of refused calls by code, and the number of all calls. The
// latter is never less than the sum of the former.
func (n *Counts) Read() (refused map[wire.Code]uint64, calls uint64) {
	n.mu.Lock()
	refused = maps.Clone(n.others)
	n.mu.Unlock()
	if refused == nil {
		refused = map[wire.Code]uint64{}
	}
	for i, code := range refusals {
		if k := n.refused[i].Load(); k > 0 {
			refused[code] = k
		}
	}
	return refused, n.calls.Load()
}
