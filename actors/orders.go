package actors

import (
	"slices"

	"github.com/cogbus/cogbus/wire/admin"
)

// answerEarly answers those whose own calls a transition will wait for.
func (a *cogActor) answerEarly(o *order, note string) {
	d := done{switched: admin.SwitchResult{Cog: a.cog.Name, Note: note}}
	if a.current != nil {
		d.switched.From = a.current.Number
	}
	if o.what == replace {
		d.switched.To = a.number + 1
	}
	for _, w := range o.early {
		w <- d
		o.wanted = true // who asked has been told that it will be done
	}
	o.early = nil
}

// join makes o and later one order, with what later asks for.
func (o *order) join(later *order) {
	o.waiters = append(o.waiters, later.waiters...)
	o.early = append(o.early, later.early...)
	o.wanted = o.wanted || later.wanted
	if later.cog != nil {
		o.cog = later.cog
	}
	o.own = o.own && later.own
	o.opts.Fresh = o.opts.Fresh || later.opts.Fresh
	o.opts.Force = o.opts.Force || later.opts.Force
	o.opts.Rollback = later.opts.Rollback // the last word on which code is to serve
	o.opts.Drain = max(o.opts.Drain, later.opts.Drain)
}

// gaveUp cancels a load or a reload that nobody waits for any more.
func (a *cogActor) gaveUp(w chan<- done) {
	if a.running != nil && a.running.order.lose(w) {
		a.running.cancel()
	}
	if a.next != nil && a.next.lose(w) {
		a.next = nil
	}
}

// lose takes one who waited out of an order, and reports whether the order is of
// no use any more.
func (o *order) lose(w chan<- done) bool {
	waits := func(other chan<- done) bool { return other == w }
	had := slices.ContainsFunc(o.waiters, waits) || slices.ContainsFunc(o.early, waits)
	o.waiters = slices.DeleteFunc(o.waiters, waits)
	o.early = slices.DeleteFunc(o.early, waits)
	return had && !o.wanted && len(o.waiters)+len(o.early) == 0 && (o.what == load || o.what == replace)
}

func (o *order) answer(d done) {
	for _, w := range append(o.waiters, o.early...) {
		w <- d
	}
	o.waiters, o.early = nil, nil
}
