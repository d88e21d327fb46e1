package dialect

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// maxFailures is the number of wrong secrets in a row that ends a connection.
const maxFailures = 20

// A guard slows down clients that guess secrets. It never looks at correct ones, so a
// guesser cannot lock out other clients behind the same address.
type guard struct {
	mu   sync.Mutex // protects from
	from map[string]*guesser
}

type guesser struct {
	failures int
	last     time.Time
}

const (
	freeFailures  = 10 // without a delay, because people mistype
	firstPenalty  = 50 * time.Millisecond
	worstPenalty  = time.Second
	forgetGuesser = time.Minute
	maxGuessers   = 10_000
)

// failed notes a wrong secret from an address. It returns the time for which the answer
// must wait.
func (g *guard) failed(address string, now time.Time) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.from == nil {
		g.from = map[string]*guesser{}
	}
	r := g.from[address]
	if r == nil || now.Sub(r.last) > forgetGuesser {
		if len(g.from) >= maxGuessers {
			g.sweep(now)
		}
		r = &guesser{}
		g.from[address] = r
	}
	r.failures++
	r.last = now
	if r.failures <= freeFailures {
		return 0
	}
	return min(worstPenalty, firstPenalty<<min(r.failures-freeFailures-1, 10))
}

// sweep makes room. If more addresses guess at a time than there is room for, it
// forgets all of them, because the bound on memory comes first.
func (g *guard) sweep(now time.Time) {
	for address, r := range g.from {
		if now.Sub(r.last) > forgetGuesser {
			delete(g.from, address)
		}
	}
	if len(g.from) >= maxGuessers {
		clear(g.from)
	}
}

// hostOf returns an address without its port. For IPv6 it returns the network, since one
// client usually has all 2^64 addresses of its network.
func hostOf(a net.Addr) string {
	host, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Is6() && !ip.Is4In6() {
		network, _ := ip.Prefix(64) // cannot fail, since an IPv6 address has 128 bits
		return network.String()
	}
	return host
}
