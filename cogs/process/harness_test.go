//go:build unix

package process_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
)

func withEnv(list ...string) *process.Options { return &process.Options{Env: list} }

func self(t testing.TB) string {
	t.Helper()
	path, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// runBot runs a bot with one cog in a process of its own, which a test kills. It prints the
// process id of the cog.
func runBot(how string) {
	path, _ := os.Executable()
	srv := actors.NewServer(nil)
	opts := &process.Options{Binary: path, Env: []string{"COGBUS_TEST_BOT=", "COGBUS_TEST_COG=any"}}
	ctx := context.Background()
	if err := srv.Load(ctx, process.Cog("any", "", opts)); err != nil {
		fmt.Println(err)
		return
	}
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := client.Call(ctx, bot, info, wire.Empty{})
	if err != nil {
		fmt.Println(err)
		return
	}
	if how == "spin" {
		go func() { _, _ = client.Call(ctx, bot, ends, "spin") }()
		for srv.Cogs()[0].InFlight == 0 {
		}
	}
	if how == "spawn" {
		got.PID, err = client.Call(ctx, bot, spawn, wire.Empty{})
		if err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Println(got.PID)
	select {}
}

func readPID(t *testing.T, out io.Reader) int {
	t.Helper()
	line, _ := bufio.NewReader(out).ReadString('\n')
	pid, err := strconv.Atoi(strings.TrimSpace(line))
	if err != nil {
		t.Fatalf("the bot printed %q", line)
	}
	return pid
}

// pythonCog is the path of the example of a cog in Python.
const pythonCog = "../../examples/python-cog/cog.py"

func python(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("there is no python3")
	}
	return path
}

// childPID returns the process id of the only child process of the test.
func childPID(t testing.TB) int {
	t.Helper()
	list := children(t)
	if len(list) != 1 {
		return 0
	}
	pid, _ := strconv.Atoi(list[0])
	return pid
}

// children returns the child processes of the test.
func children(t testing.TB) []string {
	t.Helper()
	tasks, _ := filepath.Glob("/proc/self/task/*/children")
	var pids []string
	for _, task := range tasks {
		text, _ := os.ReadFile(task)
		pids = append(pids, strings.Fields(string(text))...)
	}
	return pids
}
