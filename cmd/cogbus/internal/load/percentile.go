package load

import (
	"math"
	"slices"

	"github.com/cogbus/cogbus/client/loadtest"
)

// enoughAbove is the number of calls that must lie above a percentile. With fewer, the
// next run would give a different figure.
const enoughAbove = 10

// shown are the percentiles in a row of response times.
var shown = [...]float64{.5, .9, .95, .99, .999, .9999}

// percentile shows a percentile of n times. The mark ~ means that n is too small.
func percentile(n int64, quantile, ms float64) string {
	switch {
	case n == 0:
		return "-"
	case vague(n, quantile):
		return "~" + figure(ms)
	}
	return figure(ms)
}

// bucketed shows a percentile of times that the bot counts in buckets.
func bucketed(n int64, quantile, ms float64) string {
	if n > 0 && ms < 0.001 {
		return tiny(ms)
	}
	return percentile(n, quantile, ms)
}

// tiny shows a time from a bot's buckets. All times below a microsecond are in one
// bucket.
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
