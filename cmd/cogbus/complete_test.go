package main

import (
	"bytes"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// complete returns the completions that the program offers the shell for the last of args.
func complete(t *testing.T, getenv func(string) string, args ...string) []string {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), append([]string{"__completeNoDesc"}, args...), nil, &stdout, &stderr, getenv)
	if code != cli.ExitOK || stderr.Len() > 0 {
		t.Errorf("run(__completeNoDesc %q) = %d, %q; want %d and nothing", args, code, stderr.String(), cli.ExitOK)
	}
	return strings.Split(strings.TrimSpace(stdout.String()), "\n")
}

func TestComplete(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	const noFiles, files = ":4", ":0"
	for _, test := range []struct {
		args []string
		want []string
	}{
		{[]string{"rel"}, []string{"reload", noFiles}},
		{[]string{"reload", "--f"}, []string{"--fresh", "--force", noFiles}},
		{[]string{"reload", "fla"}, []string{"flaky", noFiles}},
		{[]string{"reload", "flaky", ""}, []string{noFiles}},
		{[]string{"rollback", "st"}, []string{"stats", noFiles}},
		{[]string{"unload", "pan"}, []string{"panics", noFiles}},
		{[]string{"call", "members."}, []string{"members.ban", "members.count", noFiles}},
		{[]string{"--timeout", "5", "call", "--json", "members.c"}, []string{"members.count", noFiles}},
		{[]string{"call", "members.count", "mem"}, []string{noFiles}},
		{[]string{"load", "d"}, []string{"diff", noFiles}},
		{[]string{"load", "flak"}, []string{"flaky", noFiles}},
		{[]string{"load", "--route", "members.c"}, []string{"members.count", noFiles}},
		{[]string{"load", "--route=members.c"}, []string{"members.count", noFiles}},
		{[]string{"load", "--dialect", ""}, []string{"v1", "ipcx", "ipcx-dial", noFiles}},
		{[]string{"load", "diff", "x"}, []string{files}},
		{[]string{"help", "ro"}, []string{"rollback", "routes", noFiles}},
		{[]string{"help", "load", ""}, []string{"diff", noFiles}},
		{[]string{"completion", "ba"}, []string{"bash", noFiles}},
	} {
		if diff := cmp.Diff(test.want, complete(t, b.env, test.args...)); diff != "" {
			t.Errorf("completion of %q differs (-want +got):\n%s", test.args, diff)
		}
	}
}

// TestComplete_noBot checks that the program offers nothing and prints no error, if there
// is no bot, or if the bot does not answer or refuses the secret.
func TestComplete_noBot(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections, and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, env := range map[string]map[string]string{
		"away":         {"COGBUS_TARGET": nobody(t), "COGBUS_SECRET": botSecret},
		"hangs":        {"COGBUS_TARGET": "ws://" + silent.Addr().String(), "COGBUS_SECRET": botSecret},
		"no secret":    {"COGBUS_TARGET": b.ws},
		"wrong secret": {"COGBUS_TARGET": b.ws, "COGBUS_SECRET": "guess"},
		"no address":   {"COGBUS_TARGET": "nowhere"},
		"python":       {"COGBUS_TARGET": "ipcx://192.0.2.1:8765", "COGBUS_SECRET": botSecret},
	} {
		for _, args := range [][]string{{"call", ""}, {"reload", ""}, {"call", "--secret-file", "none", ""}} {
			if got, want := complete(t, func(key string) string { return env[key] }, args...), []string{":4"}; !cmp.Equal(got, want) {
				t.Errorf("%s: completion of %q = %q; want %q", name, args, got, want)
			}
		}
	}
}

// press is a bash script that completes the line in $1 as a press of the tab key does, and
// prints the completions.
const press = `
source <(cogbus completion bash) || exit 1
complete -p cogbus >&2 || exit 1
COMP_LINE=$1 COMP_POINT=${#1} COMP_TYPE=9 COMP_KEY=9
__start_cogbus cogbus 2>/dev/null # compopt complains: it is not the shell that calls
printf '%s\n' "${COMPREPLY[@]}"
`

// TestComplete_bash runs the script in bash, without the package bash-completion.
func TestComplete_bash(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skipf("there is no bash to complete in: %v", err)
	}
	b, stop := startBot(t)
	defer stop()
	for line, want := range map[string]string{
		"cogbus rel":             "reload",
		"cogbus reload --fr":     "--fresh",
		"cogbus call members.co": "members.count",
		"cogbus --target " + b.ws + " call members.c": "members.count", // with colons
		"cogbus --target=" + b.ws + " call members.c": "members.count",
		"cogbus load --route=members.c":               "members.count",
		"cogbus reload fla":                           "flaky",
		"cogbus help load ":                           "diff",
		"cogbus call nothing.like.this":               "",
	} {
		cmd := exec.CommandContext(t.Context(), bash, "--norc", "--noprofile", "-c", press, "press", line)
		cmd.Env = append(os.Environ(), "GORACE="+noLinger, "COGBUS_TARGET="+b.ws, "COGBUS_SECRET="+botSecret)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("bash completes %q = %v\n%s", line, err, &stderr)
		}
		if got := strings.TrimSpace(string(out)); got != want {
			t.Errorf("bash completes %q to %q; want %q\n%s", line, got, want, &stderr)
		}
		if got, want := stderr.String(), "complete -o default -F __start_cogbus cogbus\n"; got != want {
			t.Errorf("bash completes %q and says %q; want %q", line, got, want)
		}
	}
}
