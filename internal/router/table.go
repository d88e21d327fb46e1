package router

import (
	"errors"
	"fmt"
	"maps"
	"slices"
)

// ErrRouteTaken is the error of a cog that has a route which another cog has.
var ErrRouteTaken = errors.New("route belongs to another cog")

// A table says which route serves an endpoint. It never changes: the server
// actor publishes a new one for each update, so that a connection never sees
// half of it.
type table struct {
	routes map[string]*route
}

// with returns the table in which cog has the routes of the generations, and no
// others. A route that several have is that of the first.
func (t *table) with(cog string, generations []*Generation) (*table, error) {
	next := &table{routes: maps.Clone(t.routes)}
	maps.DeleteFunc(next.routes, func(_ string, r *route) bool { return r.generation.gate.Name == cog })
	for _, gen := range slices.Backward(generations) {
		for name, r := range gen.routes {
			if other := next.routes[name]; other != nil && other.generation.gate.Name != cog {
				return nil, fmt.Errorf("%w: cogs %q and %q both have %q", ErrRouteTaken, other.generation.gate.Name, cog, name)
			}
			next.routes[name] = r
		}
	}
	return next, nil
}
