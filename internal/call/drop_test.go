package call

import (
	"context"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/cogbus/cogbus/internal/workers"
	"github.com/cogbus/cogbus/wire"
)

// A counter is a maker that counts its calls of Answer and of Over.
type counter struct{ answers, overs atomic.Int64 }

func (*counter) Head(dst []byte, _ *Call) []byte          { return dst }
func (*counter) Tail(dst []byte) []byte                   { return dst }
func (*counter) Fail(dst []byte, _ *Call, _ error) []byte { return dst }
func (n *counter) Answer(*Call, []byte, bool) bool        { n.answers.Add(1); return false }
func (n *counter) Over(*Call)                             { n.overs.Add(1) }

// TestRaceWithCancel ends a call of a gate between the two steps of a Cancel, which has
// marked the call as answered, and has not seen yet whether it still waits. The maker
// must get its Over all the same, or it would wait for ever. The test is in this package
// because it holds mu to keep Cancel between the two steps.
func TestRaceWithCancel(t *testing.T) {
	for name, end := range map[string]func(c *Call){
		"Drop":           (*Call).Drop,
		"RejectArriving": func(c *Call) { c.RejectArriving(wire.Errorf(wire.NoRoute, "gone")) },
	} {
		t.Run(name, func(t *testing.T) {
			pool := new(workers.Pool)
			defer pool.Close()
			env, maker := &Env{Workers: pool, Failed: func(*Call, *Place, error) {}}, new(counter)
			env.Start()
			c := env.New(maker, nil)
			canceled, ended := make(chan bool), make(chan bool)
			c.mu.Lock()
			go func() { // ends when mu is free
				c.Cancel(wire.Errorf(wire.Canceled, "given up"), context.Canceled)
				canceled <- true
			}()
			for !c.answered.Load() {
				runtime.Gosched()
			}
			go func() { end(c); ended <- true }() // ends when mu is free
			for !c.Over() {
				runtime.Gosched()
			}
			c.mu.Unlock()
			<-canceled
			<-ended
			for maker.answers.Load() == 0 { // a worker calls Answer
				runtime.Gosched()
			}
			if a, o := maker.answers.Load(), maker.overs.Load(); a != 1 || o != 1 {
				t.Errorf("the maker was told %d answers and %d times that the call is over; want 1 of each", a, o)
			}
		})
	}
}
