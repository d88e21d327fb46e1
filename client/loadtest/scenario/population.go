package scenario

import "math/rand/v2"

// A Population is a set of ids to draw from. The zero Population has 1000 ids, and draws
// all of them equally often.
type Population struct {
	// IDs are the ids, each once. If there are none, the population has Count made-up
	// ids, which look like ids of Discord, and are the same in each run.
	IDs   []uint64
	Count int // 0 means 1000

	// Zipf makes the first ids busier than the last: the frequency of the id at place
	// k is proportional to k to the power of -Zipf. It must be from 1.001 to 10. If
	// zero, all ids are equally frequent.
	Zipf float64
}

const (
	defaultCount     = 1000
	maxCount         = 1 << madeUpBits
	minZipf, maxZipf = 1.001, 10 // outside of them rand.Zipf is too imprecise, or draws one id only
)

func (p *Population) check(path string, add func(path, format string, args ...any)) {
	switch {
	case len(p.IDs) > 0 && p.Count != 0:
		add(path+".count", "want either ids or a count of made-up ones")
	case p.Count < 0 || int64(p.Count) > maxCount:
		add(path+".count", "want a whole number above 0, up to %d, not %d", int64(maxCount), p.Count)
	}
	if p.Zipf != 0 && !(p.Zipf >= minZipf && p.Zipf <= maxZipf) {
		add(path+".zipf", "want 0 (evenly), or a number from %g to %d, not %v", minZipf, maxZipf, p.Zipf)
	}
	seen := make(map[uint64]int, len(p.IDs))
	for i, id := range p.IDs {
		at := element(path+".ids", i)
		if id == 0 {
			add(at, "want an id above 0")
		} else if first, twice := seen[id]; twice {
			add(at, "%d stands twice, first at %d", id, first)
		} else {
			seen[id] = i
		}
	}
}

// The times in made-up ids lie in the 2^38 milliseconds, nearly nine years, from the
// beginning of 2016.
const (
	madeUpBits  = 38
	madeUpStart = 31_536_000_000 // ms after the first second of 2015
)

// madeUp returns a different id for each i below 2^madeUpBits. The times in the ids
// jump by the golden ratio, so that ids spread evenly over shards and over time.
func madeUp(i uint64, kind uint64) uint64 {
	const golden = 0x9E3779B97F4A7C15 // odd, so that the low bits of no two products are the same
	product := (i + 1) * golden
	ms := madeUpStart + product&(1<<madeUpBits-1)
	rest := product >> 42 // the bits for worker, process and increment
	return ms<<22 | rest&^1 | kind
}

// The kinds of made-up ids. They differ in one bit, so that no guild has the id of a
// user.
const (
	kindGuild = iota
	kindUser
)

// A source draws from a population. Only one goroutine may use it.
type source struct {
	random *rand.Rand
	ids    []uint64
	count  uint64
	kind   uint64
	zipf   *rand.Zipf // nil if all ids are equally frequent
}

func (p *Population) source(random *rand.Rand, kind uint64) source {
	s := source{random: random, ids: p.IDs, count: uint64(len(p.IDs)), kind: kind}
	if s.count == 0 {
		s.count = uint64(p.Count)
	}
	if p.Zipf != 0 {
		s.zipf = rand.NewZipf(random, p.Zipf, 1, s.count-1)
	}
	return s
}

func (s *source) draw() uint64 {
	var i uint64
	if s.zipf != nil {
		i = min(s.zipf.Uint64(), s.count-1) // rounding may give a number beyond the end
	} else {
		i = s.random.Uint64N(s.count)
	}
	if len(s.ids) > 0 {
		return s.ids[i]
	}
	return madeUp(i, s.kind)
}
