package cli

import (
	"os"
	"runtime"
	"strings"
	"testing"
)

func TestColoursOf(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("there is no device that counts as a terminal")
	}
	terminal, err := os.Open("/dev/null") // a character device counts as a terminal
	if err != nil {
		t.Fatal(err)
	}
	defer terminal.Close()
	file, err := os.Create(t.TempDir() + "/out")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, test := range []struct {
		name string
		to   *os.File
		env  map[string]string
		want Colours
	}{
		{"terminal", terminal, nil, true},
		{"terminal of a kind", terminal, map[string]string{"TERM": "xterm"}, true},
		{"empty NO_COLOR", terminal, map[string]string{"NO_COLOR": ""}, true},
		{"NO_COLOR", terminal, map[string]string{"NO_COLOR": "1"}, false},
		{"dumb", terminal, map[string]string{"TERM": "dumb"}, false},
		{"file", file, nil, false},
	} {
		if got := coloursOf(test.to, func(key string) string { return test.env[key] }); got != test.want {
			t.Errorf("%s: coloursOf() = %t; want %t", test.name, got, test.want)
		}
	}
	if got := coloursOf(&strings.Builder{}, func(string) string { return "" }); got {
		t.Error("coloursOf(a buffer) = true; want false")
	}
}

// TestTable_colours checks that colours do not change the width of cells.
func TestTable_colours(t *testing.T) {
	var got strings.Builder
	out := NewOutput(&got)
	out.Colours = true
	out.Table(Table{
		Heads: []string{"NAME", "STATE", "N"},
		Rows:  [][]string{{"é", "ok", "1"}, {"members", "failed\x1b", "12"}},
		Paint: func(row, column int, cell string) string {
			if row == 1 && column == 1 {
				return out.Colours.Red(cell)
			}
			return cell
		},
	})
	want := "NAME     STATE       N\n" +
		"é        ok          1\n" +
		"members  \x1b[31mfailed\\x1b\x1b[0m  12\n"
	if got.String() != want {
		t.Errorf("Table() prints\n%q; want\n%q", got.String(), want)
	}
}
