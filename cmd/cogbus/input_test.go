package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

// noEnv is an empty environment.
func noEnv(string) string { return "" }

func TestStdinNeverEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, never := io.Pipe()
		defer never.Close()
		var stderr bytes.Buffer
		began := time.Now()
		code := run(t.Context(), []string{"call", "echo", "--timeout", "5s"}, stdin, io.Discard, &stderr, noEnv)
		if took := time.Since(began); code != cli.ExitUsage || took != 5*time.Second {
			t.Errorf("run(call echo) = %d after %s; want %d after 5s", code, took, cli.ExitUsage)
		}
		want := "cogbus: warning: waiting for data on standard input: </dev/null says that there is none\n" +
			"cogbus: standard input did not end within 5s: give the data as an argument, or </dev/null if there is none (cogbus help call tells more)\n"
		if got := stderr.String(); got != want {
			t.Errorf("stderr = %q; want %q", got, want)
		}
	})
}

func TestStdinAskedForMayTakeLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, w := io.Pipe()
		time.AfterFunc(time.Hour, func() {
			_, _ = w.Write([]byte("not JSON"))
			_ = w.Close()
		})
		var stderr bytes.Buffer
		code := run(t.Context(), []string{"call", "echo", "-", "--timeout", "5s"}, stdin, io.Discard, &stderr, noEnv)
		if want := `standard input is not JSON: "not JSON"`; code != cli.ExitUsage || !strings.Contains(stderr.String(), want) {
			t.Errorf("run(call echo -) = %d, %q; want %d, %q", code, stderr.String(), cli.ExitUsage, want)
		}
	})
}

func TestStdinInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		stdin, never := io.Pipe()
		defer never.Close()
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Millisecond, cancel)
		if got := run(ctx, []string{"call", "echo", "-"}, stdin, io.Discard, io.Discard, noEnv); got != cli.ExitInterrupted {
			t.Errorf("run(call echo -) = %d; want %d", got, cli.ExitInterrupted)
		}
	})
}

// A fullDisk accepts only the first bytes.
type fullDisk struct{ room int }

func (d *fullDisk) Write(p []byte) (int, error) {
	if d.room -= len(p); d.room < 0 {
		return 0, errors.New("no space left")
	}
	return len(p), nil
}

func TestOutputFails(t *testing.T) {
	for _, args := range [][]string{{"version"}, {"help"}, {"help", "call"}} {
		var stderr bytes.Buffer
		got := run(t.Context(), args, nil, &fullDisk{room: 5}, &stderr, noEnv)
		if want := "cogbus: write the output: no space left\n"; got != cli.ExitFailed || stderr.String() != want {
			t.Errorf("run(%q) = %d, %q; want %d, %q", args, got, stderr.String(), cli.ExitFailed, want)
		}
	}
}
