package cogs

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
)

// A Registrar collects what one instance of a cog offers and holds. Setup uses
// it; only RequestReload may be called later. Its methods and the functions that
// take it panic if they are used wrongly, which fails the Setup.
type Registrar struct {
	cog       Cog
	sealed    bool
	names     map[string]bool // of routes and kept values, with a prefix
	endpoints []*Endpoint
	listeners []Listener
	tasks     []func(context.Context) error
	watches   []func(context.Context) error
	ticks     []tick
	keeps     []keep
	cleanups  []func()
	kills     []func()
	build     string
	built     time.Duration
	reload    func()
}

type tick struct {
	every    time.Duration
	endpoint *Endpoint
}

// Cleanup records f to run when the instance has ended, or when Setup fails.
// Cleanups run last added, first called, when nothing of the instance runs any
// more. A panic of one, or runtime.Goexit, does not keep the others from running;
// one that does not return does.
func (r *Registrar) Cleanup(f func()) {
	r.record("Cleanup")
	r.need("Cleanup", f != nil)
	r.cleanups = append(r.cleanups, f)
}

// Go records a task: f runs in a goroutine of its own from the activation of
// the instance on. Its context is done when the instance ends, which waits for
// f to return, for the cog's DrainTimeout. If f panics, calls runtime.Goexit or
// returns an error before that, the cog restarts.
func (r *Registrar) Go(f func(ctx context.Context) error) {
	r.record("Go")
	r.need("Go", f != nil)
	r.tasks = append(r.tasks, f)
}

// Every records a task that runs each interval from the activation on. It
// counts as a call of the cog and never overlaps itself; a tick that comes while
// the last one still runs is left out. If f panics or returns an error, the cog
// restarts. The first run is one interval after the activation: a cog that is
// reloaded more often than that never gets there.
func (r *Registrar) Every(interval time.Duration, f func(ctx context.Context) error) {
	r.record("Every")
	r.need("Every", f != nil)
	if interval <= 0 {
		panic(fmt.Sprintf("cogs: Every(%v) of cog %q: the interval must be positive", interval, r.cog.Name))
	}
	e := &Endpoint{Name: fmt.Sprintf("every %v", interval), Timeout: r.cog.Timeout}
	e.serve = func(ctx context.Context, _, dst []byte) ([]byte, error) { return dst, f(ctx) }
	r.ticks = append(r.ticks, tick{interval, e})
}

// RequestReload asks the bot to reload the cog and does not wait. Unlike the
// other methods it may be called at any time and by several goroutines, by a
// task that watches a file for instance.
func (r *Registrar) RequestReload() { r.reload() }

// Build records the name of the build that the instance runs, and how long it
// took to make; zero if it was there already. Cogs that are built from source use
// it, so that operators see what serves, and can go back to the build before.
func (r *Registrar) Build(name string, took time.Duration) {
	r.record("Build")
	r.build, r.built = clip.Text(name, maxName), took
}

// record panics if the Setup that r was made for is over.
func (r *Registrar) record(what string) {
	if r.sealed {
		panic(fmt.Sprintf("cogs: %s of cog %q after its Setup returned", what, r.cog.Name))
	}
}

// need panics if what was recorded has no function.
func (r *Registrar) need(what string, given bool) {
	if !given {
		panic(fmt.Sprintf("cogs: %s of cog %q without a function", what, r.cog.Name))
	}
}

// needTimeout panics if a time limit is negative.
func (r *Registrar) needTimeout(what string, timeout time.Duration) {
	if timeout < 0 {
		panic(fmt.Sprintf("cogs: %s of cog %q has a negative limit; zero is that of the cog", what, r.cog.Name))
	}
}

// needHost panics if there is no host, or one that cannot be told from others.
func (r *Registrar) needHost(what string, host Host) {
	if host == nil {
		panic(fmt.Sprintf("cogs: %s of cog %q without a host: was the cog given one, as by discord.With?", what, r.cog.Name))
	}
	if !reflect.ValueOf(host).Comparable() {
		panic(fmt.Sprintf("cogs: %s of cog %q: hosts are compared with ==, which a %T cannot be; use a pointer", what, r.cog.Name, host))
	}
}

// claim panics if the instance has name, of the kind that what says, already, or if it
// is none: operators and other cogs get it in messages of all sorts.
func (r *Registrar) claim(what, name string) {
	r.record(what)
	if name == "" {
		panic(fmt.Sprintf("cogs: %s of cog %q without a name", what, r.cog.Name))
	}
	if len(name) > maxName {
		panic(fmt.Sprintf("cogs: the name %.40q... of a %s of cog %q is longer than %d bytes", name, what, r.cog.Name, maxName))
	}
	key := what + " " + name
	if r.names[key] {
		panic(fmt.Sprintf("cogs: cog %q has %s twice: %q", r.cog.Name, what, name))
	}
	r.names[key] = true
}
