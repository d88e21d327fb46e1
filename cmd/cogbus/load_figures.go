package main

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
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

// withUnit shows a number of a unit, which may be empty.
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
	return strconv.FormatFloat(math.Round(10*s)/10+0, 'f', 1, 64) // + 0: not -0
}

func perSecond(n int64, seconds float64) string { return figure(float64(n) / max(seconds, 1e-9)) }

// times shows times of n calls; without any there are none.
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

// middle cuts text in its middle: how it begins says what failed, and how it ends why.
func middle(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	end := (most - 1) / 2
	return string(runes[:most-1-end]) + "…" + string(runes[len(runes)-end:])
}

// figures prints rows under heads. The first column, and those in left, are words;
// the others are numbers, which stand under each other's end. Cells may come from
// others: they are cleaned.
func (s *sink) figures(heads []string, rows [][]string, left ...int) {
	rows = append([][]string{heads}, rows...)
	widths := make([]int, len(heads))
	for _, row := range rows {
		for i := range row {
			row[i] = oneLine(row[i])
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for _, row := range rows {
		for i := range row {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(row[i]))
			if i == 0 || slices.Contains(left, i) {
				row[i] += pad
			} else {
				row[i] = pad + row[i]
			}
		}
		s.printf("%s\n", strings.TrimRight(strings.Join(row, "  "), " "))
	}
}

func mebibytes(n float64) string { return figure(n/(1<<20)) + " MiB" }
