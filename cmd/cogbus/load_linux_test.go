package main

import (
	"bytes"
	"io"
	"strings"
	"testing"
)

// TestLoadOnTerminal has a line for each second on the terminal, and none where
// programs read.
func TestLoadOnTerminal(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	for _, test := range []struct {
		flags string
		lines bool
	}{{"", true}, {" --json", false}, {" --json-stream", false}} {
		keys, terminal := openTerminal(t)
		shown := make(chan string, 1)
		go func() {
			text, _ := io.ReadAll(keys) // until the other side is closed
			shown <- string(text)
		}()
		var stdout bytes.Buffer
		if got := run(t.Context(), strings.Fields("load --route echo --count 20"+test.flags), nil, &stdout, terminal, b.env); got != exitOK {
			t.Errorf("run(load%s) = %d; want %d", test.flags, got, exitOK)
		}
		_ = terminal.Close()
		text := <-shown
		if got := strings.HasPrefix(strings.TrimSpace(text), "second  answered/s"); got != test.lines || !test.lines && text != "" {
			t.Errorf("run(load%s) shows %q; want the heads of a table %t", test.flags, text, test.lines)
		}
		if !strings.Contains(stdout.String(), "answered") || strings.Contains(stdout.String(), "in flight   lag") {
			t.Errorf("run(load%s) prints %q; want the report alone", test.flags, stdout.String())
		}
	}
}
