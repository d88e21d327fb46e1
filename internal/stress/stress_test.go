//go:build stress

package stress

import (
	"context"
	"math"
	"os"
	"runtime"
	"sync"
	"testing"
	"time"
)

// closeLimit bounds the Close of a server without calls: it ends tasks, runs cleanups,
// and lets processes end.
const closeLimit = switchLimit

// TestStress puts the load on a bot for STRESSTIME, 75 seconds if that is not set,
// and prints the ledger.
func TestStress(t *testing.T) {
	length := 75 * time.Second
	if text := os.Getenv("STRESSTIME"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatalf("STRESSTIME: %v", err)
		}
	}
	before := runtime.NumGoroutine()
	w := newWorld(t)
	w.until.Store(math.MaxInt64)
	w.start()
	p := w.newTally()
	w.until.Store(time.Now().Add(length).UnixNano()) // the first build may have taken long
	r := &resources{w: w, before: before}

	var work sync.WaitGroup
	a, err := w.administer(&work)
	if err != nil {
		t.Fatal(err)
	}
	w.load(&work)
	work.Go(w.emit)
	work.Go(func() { r.watch(length) })
	if p != nil {
		p.run(&work)
	}
	w.await(&work)
	a.revive()
	if p != nil {
		p.revive()
	}
	s := w.settle(a.bot)
	_ = a.bot.Close()
	w.work.do(operation{name: "stop serving", limit: closeLimit}, func(context.Context) error { w.serving(); return <-w.served })
	w.work.do(operation{name: "close the server", limit: closeLimit}, func(context.Context) error { return w.srv.Close() })
	if p != nil {
		p.read()
	}
	r.judge()
	sums := w.judge()
	w.compare(s, sums)
	w.report(t.Output(), sums, s, r, length)
	if w.bad.count > 0 {
		t.Errorf("%d violations; want none", w.bad.count)
	}
}

// load starts the clients. Each lives for a short time, one after the other, until the
// load ends.
func (w *world) load(work *sync.WaitGroup) {
	lives := func(n int, live func()) {
		for range n {
			work.Go(func() {
				for !w.over() {
					live()
				}
			})
		}
	}
	lives(4, w.v1)
	lives(3, w.ipcx)
	lives(1, func() { w.library("ws://"+w.addr, byLibrary, 16) })
	lives(1, func() { w.library("ipcx://"+w.addr, byOneShot, 8) })
}

// await waits for the goroutines of the load, which are bounded.
func (w *world) await(work *sync.WaitGroup) {
	ended := make(chan struct{})
	go func() { work.Wait(); close(ended) }() // ends with the goroutines of the load
	if !within(time.Until(time.Unix(0, w.until.Load()))+3*time.Minute, ended) {
		w.bad.add("the load does not end", "goroutines:\n%s", stacks())
	}
}
