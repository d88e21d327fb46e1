package lane

// A list is a queue of tickets from which any ticket can be taken in one step. A
// ticket is in one list at a time.
type list[T any] struct {
	first, last *Ticket[T]
	length      int
}

func (l *list[T]) push(t *Ticket[T]) {
	t.in, t.before, t.behind = l, l.last, nil
	if l.last == nil {
		l.first = t
	} else {
		l.last.behind = t
	}
	l.last = t
	l.length++
}

func (l *list[T]) take(t *Ticket[T]) {
	if t.before == nil {
		l.first = t.behind
	} else {
		t.before.behind = t.behind
	}
	if t.behind == nil {
		l.last = t.before
	} else {
		t.behind.before = t.before
	}
	t.in, t.before, t.behind = nil, nil, nil
	l.length--
}
