package main

import (
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// enoughAbove is how many calls have to lie above a percentile. With fewer, another
// run would say something else.
const enoughAbove = 10

// shown are the percentiles of a row of response times.
var shown = [...]float64{.5, .9, .95, .99, .999, .9999}

// percentile shows one of n times. ~ marks one of too few.
func percentile(n int64, quantile, ms float64) string {
	switch {
	case n == 0:
		return "-"
	case vague(n, quantile):
		return "~" + figure(ms)
	}
	return figure(ms)
}

// bucketed is percentile for times that a bot counts in buckets.
func bucketed(n int64, quantile, ms float64) string {
	if n > 0 && ms < 0.001 {
		return tiny(ms)
	}
	return percentile(n, quantile, ms)
}

// tiny shows a time of a bot's buckets: of the first it is known only that it ends
// at a microsecond.
func tiny(ms float64) string {
	if ms < 0.001 {
		return "<0.001"
	}
	return figure(ms)
}

func vague(n int64, quantile float64) bool {
	return n > 0 && math.Round(float64(n)*(1-quantile)) < enoughAbove
}

// hasVague reports whether any percentile of a report is marked.
func hasVague(r *loadtest.Report) bool {
	if vague(r.Response.Count, shown[len(shown)-1]) {
		return true
	}
	if len(r.Routes) > 1 && slices.ContainsFunc(r.Routes, func(t loadtest.Route) bool { return vague(t.Response.Count, .99) }) {
		return true
	}
	return r.Server != nil && slices.ContainsFunc(r.Server.Cogs, func(c loadtest.Cog) bool {
		return vague(c.Queue.Count, .99) || vague(c.Handler.Count, .99)
	})
}
