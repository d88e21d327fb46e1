package page

import (
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest"
)

// none is the text for a missing figure.
const none = "–"

// duration formats milliseconds with three digits, in the unit that suits them. It
// puts a no-break space between number and unit. page.js does the same.
func duration(ms float64) string {
	sign := ""
	if ms < 0 {
		sign, ms = "−", -ms
	}
	ms = rounded(ms) // before the choice of the unit, because 999.9 µs are 1 ms
	switch {
	case ms == 0:
		return "0 ms"
	case ms < 0.001:
		return sign + digits(rounded(ms*1e6)) + " ns"
	case ms < 1:
		return sign + digits(rounded(ms*1e3)) + " µs"
	case ms < 1000:
		return sign + digits(ms) + " ms"
	case ms < 100_000:
		return sign + digits(rounded(ms/1e3)) + " s"
	}
	return sign + count(int64(math.Round(ms/1e3))) + " s"
}

// latency formats a figure of a distribution of n times. It returns none if n is 0.
func latency(ms float64, n int64) string {
	if n == 0 {
		return none
	}
	return duration(ms)
}

// bucket formats a figure of times that the bot counts in buckets. The first bucket
// ends at a microsecond, and its times are not known more exactly.
func bucket(ms float64, n int64) string {
	if n > 0 && ms < 0.001 {
		return "<\u00a01\u00a0µs"
	}
	return latency(ms, n)
}

// firstOf returns the first message of a failure without its code, because the page
// shows the code beside it.
func firstOf(f loadtest.Failure) string {
	return strings.TrimPrefix(f.First, string(f.Code)+": ")
}

// moment formats a time of the run, in seconds.
func moment(s float64) string {
	text := strconv.FormatFloat(math.Abs(s), 'f', 1, 64)
	if math.Abs(s) >= 1000 {
		text = count(int64(math.Abs(s)))
	}
	if text = strings.TrimSuffix(text, ".0"); s < 0 && text != "0" {
		text = "−" + text
	}
	return text + " s"
}

// rate formats calls a second.
func rate(perSecond float64) string {
	if perSecond >= 100 {
		return count(int64(math.Round(perSecond)))
	}
	return digits(rounded(perSecond))
}

// count formats a number with separators between its thousands.
func count[N int | int64 | uint64](n N) string {
	text := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, text = "−", text[1:]
	}
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return sign + text
}

// calls formats a number of calls.
func calls(n int64) string {
	if n == 1 {
		return "1 call"
	}
	return count(n) + " calls"
}

// share formats a part of a whole in percent. It returns "0 %" only if part is 0, and
// "100 %" only if part is the whole.
func share(part, whole int64) string {
	if whole == 0 {
		return none
	}
	p := 100 * float64(part) / float64(whole)
	switch {
	case part > 0 && p < 0.001:
		return "< 0.001 %"
	case part < whole && p > 99.99:
		return "> 99.99 %"
	}
	return digits(rounded(p)) + " %"
}

// size formats a number of bytes.
func size[N int64 | uint64](n N) string {
	f, unit := float64(n), 0
	for f >= 1024 && unit < 4 {
		f, unit = f/1024, unit+1
	}
	return digits(rounded(f)) + " " + []string{"B", "KiB", "MiB", "GiB", "TiB"}[unit]
}

// rounded returns f rounded to three digits.
func rounded(f float64) float64 {
	r, _ := strconv.ParseFloat(strconv.FormatFloat(f, 'e', 2, 64), 64) // cannot fail, because FormatFloat made the text
	return r
}

// digits formats a number without an exponent.
func digits(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// above returns how many of n values lie above a quantile.
func above(n int64, quantile float64) int64 {
	return int64(math.Round(float64(n) * (1 - quantile)))
}
