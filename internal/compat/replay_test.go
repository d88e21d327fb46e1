package compat

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
)

// A tally counts cases.
type tally struct{ passed, failed, excluded atomic.Int64 }

// replayed is the tally of TestReplay. TestMain prints it when all tests are done.
var replayed tally

func TestMain(m *testing.M) {
	flag.Parse()
	// Most cases wait for the network, so many can run on a few processors.
	if err := flag.Set("test.parallel", "16"); err != nil {
		panic(err)
	}
	code := m.Run()
	if t := &replayed; t.passed.Load()+t.failed.Load() > 0 {
		fmt.Printf("%d passed, %d failed, %d excluded\n", t.passed.Load(), t.failed.Load(), t.excluded.Load())
	}
	os.Exit(code)
}

func TestReplay(t *testing.T) {
	excluded := loadExclusions(t)
	pool := &bots{list: map[string]*bot{}}
	t.Run("case", func(t *testing.T) {
		for _, g := range loadGolden(t) {
			if excluded.find(g.id) != nil {
				replayed.excluded.Add(1)
				continue
			}
			t.Run(g.id, func(t *testing.T) {
				t.Parallel()
				replayed.failed.Add(1) // taken back when the case has passed
				if err := replay(g, pool); err != nil {
					t.Errorf("%v\nrecorded because: %s\nbetter: %s", err, g.get("why").str, g.better)
					return
				}
				replayed.failed.Add(-1)
				replayed.passed.Add(1)
			})
		}
	})
	if err := pool.stop(); err != nil {
		t.Errorf("Run = %v; want nil", err)
	}
	for _, err := range excluded.unused() {
		t.Error(err)
	}
}

// replay replays one case. Its error describes the difference from the recorded outcome.
func replay(g golden, pool *bots) error {
	client := strings.HasSuffix(g.target, "-client")
	switch {
	case !client && g.script():
		return replayScript(g)
	case !client:
		return replayServer(g, pool)
	case g.get("send").kind == '[' && len(g.get("send").list) > 0:
		return replayClient(g)
	}
	return replaySituation(g)
}
