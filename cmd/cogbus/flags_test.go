package main

import (
	"errors"
	"flag"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	for _, test := range []struct {
		args     string
		leading  bool
		rest     []string
		target   string
		timeout  time.Duration
		asJSON   bool
		errNames string
	}{
		{args: "a b"},
		{args: "--target x a -json b", rest: []string{"a", "b"}, target: "x", asJSON: true},
		{args: "a --target=x=y --json=false", rest: []string{"a"}, target: "x=y"},
		{args: "--target -- a", rest: []string{"a"}, target: "--"},
		{args: "-- --json a", rest: []string{"--json", "a"}},
		{args: "--json a --target x", leading: true, rest: []string{"a", "--target", "x"}, asJSON: true},
		{args: "- -1 -Infinity", rest: []string{"-", "-1", "-Infinity"}},
		{args: "--timeout 0.5", timeout: 500 * time.Millisecond},
		{args: "--timeout 2m", timeout: 2 * time.Minute},
		{args: "--timeout 2m --timeout 1", timeout: time.Second},
		{args: "--timeout -1", errNames: `--timeout "-1"`},
		{args: "--timeout NaN", errNames: `--timeout "NaN"`},
		{args: "--timeout 1e99", errNames: `--timeout "1e99"`},
		{args: "--timeout 0s", errNames: `--timeout "0s"`},
		{args: "--timeout", errNames: "--timeout needs a value"},
		{args: "--tarte x", errNames: "unknown flag --tarte: did you mean --target?"},
		{args: "---json", errNames: "unknown flag"},
		{args: "--password hunter2", errNames: "there is no --password"},
	} {
		var g globals
		fs := newFlagSet()
		g.register(fs)
		rest, err := parse(fs, strings.Fields(test.args), test.leading)
		if test.errNames != "" {
			if _, ok := errors.AsType[*usageError](err); !ok || !strings.Contains(err.Error(), test.errNames) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("parse(%q) = %v; want a usage error with %q", test.args, err, test.errNames)
			}
			continue
		}
		if test.rest == nil && test.timeout == 0 {
			test.rest = strings.Fields(test.args)
		}
		if err != nil || !cmp.Equal(rest, test.rest) || g.target != test.target || g.timeout != test.timeout || g.json != test.asJSON {
			t.Errorf("parse(%q) = %q, %+v, %v; want %q, %+v", test.args, rest, g, err, test.rest, test)
		}
	}
}

func TestParseHelp(t *testing.T) {
	for _, arg := range []string{"-h", "--help", "-help", "--h"} {
		if _, err := parse(newFlagSet(), []string{"a", arg, "--none"}, false); !errors.Is(err, flag.ErrHelp) {
			t.Errorf("parse(%q) = %v; want %v", arg, err, flag.ErrHelp)
		}
	}
}

// A flag that stands before the command and behind it is the same flag.
func TestCommandsKeepGlobals(t *testing.T) {
	for _, c := range commands() {
		g := globals{target: "x", secretFile: "y", timeout: time.Second, json: true, cleartext: true}
		before := g
		fs := newFlagSet()
		g.register(fs)
		if c.flags != nil {
			c.flags(fs) // panics where a name is taken
		}
		if g != before {
			t.Errorf("%s: register() = %+v; want %+v", c.name, g, before)
		}
	}
}

func TestNear(t *testing.T) {
	names := []string{"members.count", "members.ban", "echo", "settings.set", "c", "q"}
	for name, want := range map[string][]string{
		"members.coutn": {"members.count"},
		"MEMBERS.COUNT": {"members.count"},
		"members":       {"members.count", "members.ban"},
		"count":         {"members.count"},
		"ecoh":          {"echo"},
		"c1":            {"c"},
		"x":             nil,
		"zzzzzz":        nil,
		"":              nil,
	} {
		if got := near(name, names); !cmp.Equal(got, want) {
			t.Errorf("near(%q) = %q; want %q", name, got, want)
		}
	}
}
