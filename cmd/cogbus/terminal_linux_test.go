package main

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// TestLoadOnTerminal checks that a load test prints a line for each second on a terminal,
// and none to a program.
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
		if got := run(t.Context(), strings.Fields("load --route echo --count 20"+test.flags), nil, &stdout, terminal, b.env); got != cli.ExitOK {
			t.Errorf("run(load%s) = %d; want %d", test.flags, got, cli.ExitOK)
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

// TestColours checks that states and errors have colours on a terminal, but not with
// --json, and not if the user has turned colours off.
func TestColours(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	for _, test := range []struct {
		args    string
		env     map[string]string
		painted []string
	}{
		{"cogs", nil, []string{"\x1b[32mserving\x1b[0m"}},
		{"call nothing", nil, []string{"\x1b[31mcogbus:\x1b[0m call nothing: no_route"}},
		{"ping -c 1 --target unix:///none", nil, []string{"ping 1: \x1b[31munavailable: ", "\x1b[31mcogbus:\x1b[0m ping "}},
		{"load --route echo --count 9 --assert rps>=1,p99<1ns", nil, []string{"goal rps>=1: \x1b[32mmet\x1b[0m", "goal p99<1ns: \x1b[31mMISSED\x1b[0m"}},
		{"load --route echo --count 9 --chaos churn=1/s@1h+1s", nil, []string{"\x1b[31mDID NOT HAPPEN: "}},
		{"cogs", map[string]string{"NO_COLOR": "1"}, nil},
		{"call nothing", map[string]string{"TERM": "dumb"}, nil},
		{"cogs --json", nil, nil},
		{"call nothing --json", nil, nil},
	} {
		keys, terminal := openTerminal(t)
		shown := make(chan string, 1)
		go func() {
			text, _ := io.ReadAll(keys) // until the other side is closed
			shown <- string(text)
		}()
		run(t.Context(), strings.Fields(test.args), nil, terminal, terminal, func(name string) string {
			if value, ok := test.env[name]; ok {
				return value
			}
			return b.env(name)
		})
		_ = terminal.Close()
		text := <-shown
		for _, want := range test.painted {
			if !strings.Contains(text, want) {
				t.Errorf("run(%s) shows %q; want %q", test.args, text, want)
			}
		}
		if len(test.painted) == 0 && (text == "" || strings.Contains(text, "\x1b[3")) {
			t.Errorf("run(%s) with %v shows %q; want text without colours", test.args, test.env, text)
		}
	}
}
