package instance

import (
	"bytes"
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/cogbus/cogbus/internal/clip"
)

// A Recorder collects the routes, listeners, tasks, kept values and cleanups of one
// instance of a cog. Setup uses it, from one goroutine at a time; only RequestReload,
// Reason and Generation may be called later. Its methods panic if they are used wrongly,
// and the panic fails the Setup.
//
// Authors of cogs see a Recorder as a cogs.Registrar, which has fewer methods. Both types
// have the same underlying type, so a package that may import this one converts:
//
//	(*instance.Recorder)(r).Kill(process.Kill)
type Recorder struct {
	cog        Spec
	generation uint64
	reason     Reason
	reload     func()
	host       Host

	sealed    bool            // Setup has returned
	names     map[string]bool // names of routes and kept values, with a prefix for the kind
	endpoints []*Endpoint
	listeners []Listener
	tasks     []func(context.Context) error
	watches   []func(context.Context) error
	ticks     []tick
	keeps     []keep
	cleanups  []func()
	kills     []func()
	revision  string
	built     time.Duration // the time that the build of revision took
}

type tick struct {
	every    time.Duration
	endpoint *Endpoint
}

type keep struct {
	name    string
	save    func() ([]byte, error)
	restore func([]byte) error
}

// Cog returns the name of the cog.
func (r *Recorder) Cog() string { return r.cog.Name }

// Route records an endpoint that answers calls. If e.Timeout is zero, Route sets it to the
// cog's.
func (r *Recorder) Route(e *Endpoint) {
	r.claim("route", e.Name)
	if e.Timeout == 0 {
		e.Timeout = r.cog.Timeout
	}
	r.endpoints = append(r.endpoints, e)
}

// Cleanup is Registrar.Cleanup.
func (r *Recorder) Cleanup(f func()) {
	r.record("Cleanup")
	r.need("Cleanup", f != nil)
	r.cleanups = append(r.cleanups, f)
}

// Go is Registrar.Go.
func (r *Recorder) Go(f func(ctx context.Context) error) {
	r.record("Go")
	r.need("Go", f != nil)
	r.tasks = append(r.tasks, f)
}

// Every is Registrar.Every.
func (r *Recorder) Every(interval time.Duration, f func(ctx context.Context) error) {
	r.record("Every")
	r.need("Every", f != nil)
	if interval <= 0 {
		panic(fmt.Sprintf("cogs: Every(%v) of cog %q: the interval must be positive", interval, r.cog.Name))
	}
	e := &Endpoint{Name: fmt.Sprintf("every %v", interval), Timeout: r.cog.Timeout}
	e.Run = func(ctx context.Context, _, dst []byte) ([]byte, error) { return dst, f(ctx) }
	r.ticks = append(r.ticks, tick{interval, e})
}

// KeepFunc is Registrar.KeepFunc. save may also return [ErrEnded] or [ErrLeftBehind].
func (r *Recorder) KeepFunc(name string, save func() ([]byte, error), restore func(text []byte) error) {
	r.claim("kept value", name)
	r.need("KeepFunc", save != nil && restore != nil)
	r.keeps = append(r.keeps, keep{name, copied(save), func(text []byte) error { return restore(bytes.Clone(text)) }})
}

// copied returns a save function that copies the text of save, since the cog may reuse its
// buffer and the bot keeps the text.
func copied(save func() ([]byte, error)) func() ([]byte, error) {
	return func() ([]byte, error) {
		text, err := save()
		return bytes.Clone(text), err
	}
}

// RequestReload is Registrar.RequestReload.
func (r *Recorder) RequestReload() { r.reload() }

// Revision records the build of the source that the instance runs: the id of the build, and
// the time that it took; zero if the executable was there already. Operators see the id,
// and can go back to the build before.
func (r *Recorder) Revision(id string, took time.Duration) {
	r.record("Revision")
	r.revision, r.built = clip.Text(id, maxName), took
}

// record panics if the Setup that r was made for has returned.
func (r *Recorder) record(what string) {
	if r.sealed {
		panic(fmt.Sprintf("cogs: %s of cog %q after its Setup returned", what, r.cog.Name))
	}
}

// need panics if the caller did not give a function.
func (r *Recorder) need(what string, given bool) {
	if !given {
		panic(fmt.Sprintf("cogs: %s of cog %q without a function", what, r.cog.Name))
	}
}

// needTimeout panics if timeout is negative.
func (r *Recorder) needTimeout(what string, timeout time.Duration) {
	if timeout < 0 {
		panic(fmt.Sprintf("cogs: %s of cog %q has a negative limit; zero means that Cog.Timeout applies", what, r.cog.Name))
	}
}

// needHost panics if host is nil, or cannot be compared with other hosts.
func (r *Recorder) needHost(what string, host Host) {
	if host == nil {
		panic(fmt.Sprintf("cogs: %s of cog %q without a host; discord.With gives a cog its host", what, r.cog.Name))
	}
	if !reflect.ValueOf(host).Comparable() {
		panic(fmt.Sprintf("cogs: %s of cog %q: hosts are compared with ==, and a %T cannot be compared; use a pointer", what, r.cog.Name, host))
	}
}

// claim panics if the instance already has a route or kept value of that name, as what
// says; and if the name is empty, or longer than maxName, since names appear in messages of
// all sorts.
func (r *Recorder) claim(what, name string) {
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
