package cli

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// A Table is rows under heads.
type Table struct {
	Heads []string
	Rows  [][]string

	// Numbers aligns all columns except the first at their right end.
	Numbers bool

	// Words are columns that Numbers does not align at their right end.
	Words []int

	// Paint returns a cell with its colours. If nil, the table has no colours.
	Paint func(row, column int, cell string) string
}

// Table prints t. It cleans the cells, whose text may come from cogs.
func (o *Output) Table(t Table) {
	rows := append([][]string{t.Heads}, t.Rows...)
	widths := make([]int, len(t.Heads))
	for i, row := range rows {
		rows[i] = make([]string, len(row))
		for column, cell := range row {
			rows[i][column] = OneLine(cell)
			widths[column] = max(widths[column], utf8.RuneCountInString(rows[i][column]))
		}
	}
	for i, row := range rows {
		var line strings.Builder
		for column, cell := range row {
			pad := strings.Repeat(" ", widths[column]-utf8.RuneCountInString(cell))
			if t.Paint != nil && i > 0 {
				cell = t.Paint(i-1, column, cell) // after the width is known: the sequences have none
			}
			if column > 0 {
				line.WriteString("  ")
			}
			if t.Numbers && column > 0 && !slices.Contains(t.Words, column) {
				line.WriteString(pad + cell)
			} else {
				line.WriteString(cell + pad)
			}
		}
		o.Printf("%s\n", strings.TrimRight(line.String(), " "))
	}
}

// Count returns a number of things: "1 call", "2 calls".
func Count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
