package router

// flying holds the calls in flight of a session by their ids. One alone, as most
// callers have, takes no map: those that run on the reader's goroutine come and go
// one after the other.
type flying struct {
	one  *Call
	more map[uint64]*Call // the others; nil until there was one
}

func (f *flying) find(id uint64) *Call {
	if f.one != nil && f.one.id == id {
		return f.one
	}
	return f.more[id]
}

// add takes a call whose id is not there.
func (f *flying) add(c *Call) {
	if f.one == nil {
		f.one = c
		return
	}
	if f.more == nil {
		f.more = map[uint64]*Call{}
	}
	f.more[c.id] = c
}

func (f *flying) remove(c *Call) {
	if f.one == c {
		f.one = nil
	} else if f.more[c.id] == c {
		delete(f.more, c.id)
	}
}

func (f *flying) count() int {
	n := len(f.more)
	if f.one != nil {
		n++
	}
	return n
}

// matching returns the calls for which match is true.
func (f *flying) matching(match func(*Call) bool) []*Call {
	var list []*Call
	if f.one != nil && match(f.one) {
		list = append(list, f.one)
	}
	for _, c := range f.more {
		if match(c) {
			list = append(list, c)
		}
	}
	return list
}
