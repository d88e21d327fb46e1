package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

// newTestRoot returns a root with a command "do" that takes -c and --fast, and stores
// its arguments.
func newTestRoot(e *Env, got *[]string) *cobra.Command {
	do := &cobra.Command{Use: "do [ARGUMENTS...]", Short: "do", Args: cobra.ArbitraryArgs, RunE: func(_ *cobra.Command, args []string) error {
		*got = append([]string{}, args...)
		return nil
	}}
	AddFlags(do, "Flags", func(fs *pflag.FlagSet) {
		fs.IntP("count", "c", 0, "")
		fs.BoolP("fast", "f", false, "")
	})
	root := NewRoot(e)
	root.AddCommand(do)
	return root
}

func TestArrange(t *testing.T) {
	for args, want := range map[string]string{
		"":                            "",
		"do a b":                      "do a b",
		"-timeout 5 do -json a":       "--timeout 5 do --json a",
		"do -timeout=5 --json=false":  "do --timeout=5 --json=false",
		"do -5 --json a":              "do --json -- -5 a",
		"do a -5 b --timeout -1 c":    "do a --timeout -1 -- -5 b c",
		"do -Infinity -0.1":           "do -- -Infinity -0.1",
		"do - a":                      "do - a",
		"do a -- --json -5":           "do a -- --json -5",
		"do -5 -- --json":             "do -- -5 --json",
		"do --target -- a":            "do --target -- a",
		"do -c -5 -f -6":              "do -c -5 -f -- -6",
		"do -c=5 --c 6":               "do -c=5 -c 6",
		"do -c5 -fast":                "do --c5 --fast",
		"do ---json":                  "do ---json",
		"do --data -report.json -out": "do --data --report.json --out", // arrange does not know the flag, so it cannot know its value
		"do --secret-file -secret a":  "do --secret-file -secret a",
		"--target do do --count 1 do": "--target do do --count 1 do",
		"do -help":                    "do --help",
		"do --":                       "do",
		"-- do --fast -- --fast":      "do --fast -- --fast",
	} {
		got := arrange(newTestRoot(NewEnv(nil, io.Discard, io.Discard, func(string) string { return "" }), new([]string)), strings.Fields(args))
		if want := strings.Fields(want); got == nil || !slices.Equal(got, want) {
			t.Errorf("arrange(%q) = %#v; want %q", args, got, want)
		}
	}
}

func TestExecute_flags(t *testing.T) {
	for _, test := range []struct {
		args    string
		rest    []string
		target  string
		timeout time.Duration
		json    bool
		stderr  string
	}{
		{args: "do a b", rest: []string{"a", "b"}},
		{args: "--target x do a -json b", rest: []string{"a", "b"}, target: "x", json: true},
		{args: "do a --target=x=y --json=false", rest: []string{"a"}, target: "x=y"},
		{args: "do --target -- a", rest: []string{"a"}, target: "--"},
		{args: "do -- --json a", rest: []string{"--json", "a"}},
		{args: "do - -1 --timeout 5 -Infinity", rest: []string{"-", "-1", "-Infinity"}, timeout: 5 * time.Second},
		{args: "do --timeout 0.5", rest: []string{}, timeout: 500 * time.Millisecond},
		{args: "-timeout 2m do -timeout 1", rest: []string{}, timeout: time.Second},
		{args: "do --timeout -1", stderr: `--timeout "-1": want a time`},
		{args: "do --timeout NaN", stderr: `--timeout "NaN"`},
		{args: "do --timeout 1e99", stderr: `--timeout "1e99"`},
		{args: "do --timeout 0s", stderr: `--timeout "0s": want a time above 0`},
		{args: "do --timeout", stderr: "--timeout needs a value"},
		{args: "do -c", stderr: "-c needs a value"},
		{args: "do -c x", stderr: `--count "x": `},
		{args: "do --fast=perhaps", stderr: `--fast "perhaps": want true or false, or nothing`},
		{args: "do --tarte x", stderr: "unknown flag --tarte: did you mean --target?"},
		{args: "do -fa", stderr: "unknown flag --fa: did you mean -f?"},
		{args: "do ---json", stderr: "unknown flag ---json"},
		{args: "do --=hunter2", stderr: "unknown flag --"},
		{args: "do --password hunter2", stderr: "there is no --password"},
		{args: "do --token=hunter2", stderr: "there is no --token"},
		{args: "--fast do", stderr: "unknown flag --fast: it belongs behind cogbus do (cogbus help tells more)"},
	} {
		var stderr strings.Builder
		var rest []string
		e := NewEnv(nil, io.Discard, &stderr, func(string) string { return "" })
		code := Execute(t.Context(), e, newTestRoot(e, &rest), strings.Fields(test.args))
		if test.stderr != "" {
			if code != ExitUsage || !strings.Contains(stderr.String(), test.stderr) || strings.Contains(stderr.String(), "hunter2") {
				t.Errorf("Execute(%q) = %d, %q; want %d, %q", test.args, code, stderr.String(), ExitUsage, test.stderr)
			}
			continue
		}
		if code != ExitOK || !cmp.Equal(rest, test.rest) || e.target != test.target || e.Timeout != test.timeout || e.JSON != test.json {
			t.Errorf("Execute(%q) = %d, %q, %+v; want %d, %+v", test.args, code, rest, e, ExitOK, test)
		}
	}
}

// TestExecute_outputFails checks that a result of which only a part was written is an
// error.
func TestExecute_outputFails(t *testing.T) {
	full := errors.New("no space left")
	for _, args := range []string{"--version", "--help", "help do", "completion bash"} {
		var stderr strings.Builder
		e := NewEnv(nil, writer(func([]byte) (int, error) { return 0, full }), &stderr, func(string) string { return "" })
		code := Execute(context.Background(), e, newTestRoot(e, new([]string)), strings.Fields(args))
		if want := "cogbus: write the output: no space left\n"; code != ExitFailed || stderr.String() != want {
			t.Errorf("Execute(%q) = %d, %q; want %d, %q", args, code, stderr.String(), ExitFailed, want)
		}
	}
}

type writer func([]byte) (int, error)

func (w writer) Write(p []byte) (int, error) { return w(p) }
