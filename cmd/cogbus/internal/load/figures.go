package load

import (
	"math"
	"strconv"
	"strings"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// figure shows three digits of a number, with commas between thousands.
func figure(n float64) string {
	digits := 0
	if a := math.Abs(n); a > 0 && a < 999.5 {
		rounded, _ := strconv.ParseFloat(strconv.FormatFloat(a, 'e', 2, 64), 64) // 9.999 is 10.0
		digits = max(0, 2-int(math.Floor(math.Log10(rounded))))
	}
	text := strconv.FormatFloat(n, 'f', digits, 64)
	if digits > 0 {
		return strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	for i := len(text) - 3; i > 0 && text[i-1] != '-'; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// withUnit shows a number with its unit, which may be empty.
func withUnit(n float64, unit string) string {
	if unit == "" || strings.HasPrefix(unit, "/") {
		return figure(n) + unit
	}
	return figure(n) + " " + unit
}

// moment shows seconds of a run.
func moment(s float64) string {
	if math.Abs(s) >= 1000 {
		return figure(s)
	}
	return strconv.FormatFloat(math.Round(10*s)/10+0, 'f', 1, 64) // + 0 makes -0 a 0
}

func perSecond(n int64, seconds float64) string { return figure(float64(n) / max(seconds, 1e-9)) }

// times shows the times of n calls, or dashes if n is zero.
func times(n int64, ms ...float64) []string {
	list := make([]string, len(ms))
	for i := range ms {
		list[i] = "-"
		if n > 0 {
			list[i] = figure(ms[i])
		}
	}
	return list
}

// middle cuts a part out of the middle of a long text, since an error begins with the
// action that failed and ends with the reason.
func middle(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	end := (most - 1) / 2
	return string(runes[:most-1-end]) + "…" + string(runes[len(runes)-end:])
}

// figures prints rows under heads. The first column, and the columns in words, hold words.
// All others hold numbers.
func figures(out *cli.Output, heads []string, rows [][]string, words ...int) {
	out.Table(cli.Table{Heads: heads, Rows: rows, Numbers: true, Words: words})
}

func mebibytes(n float64) string { return figure(n/(1<<20)) + " MiB" }
