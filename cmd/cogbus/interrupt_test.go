package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

func (b *bot) env(name string) string {
	return map[string]string{"COGBUS_TARGET": b.ws, "COGBUS_SECRET": botSecret}[name]
}

func TestCallInterrupted(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-b.slow
		cancel()
	}()
	var stderr bytes.Buffer
	got := run(ctx, []string{"call", "slow", "{}"}, nil, io.Discard, &stderr, b.env)
	if want := "it may have run"; got != cli.ExitInterrupted || !strings.Contains(stderr.String(), want) {
		t.Errorf("run(call slow) = %d, %q; want %d, %q", got, stderr.String(), cli.ExitInterrupted, want)
	}
}

// This test runs a process, because signals go to whole processes.
func TestSignal(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	cmd := exec.CommandContext(t.Context(), "cogbus", "call", "slow", "{}")
	cmd.Env = append(os.Environ(), "GORACE="+noLinger, "COGBUS_TARGET="+b.ws, "COGBUS_SECRET="+botSecret)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-b.slow
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Skip(err) // on Windows
	}
	_ = cmd.Wait()
	if got := cmd.ProcessState.ExitCode(); got != cli.ExitInterrupted {
		t.Errorf("exit code = %d; want %d", got, cli.ExitInterrupted)
	}
}

// A cutter is a writer that cancels a context when it has got a text.
type cutter struct {
	bytes.Buffer
	text   string
	cancel func()
}

func (c *cutter) Write(p []byte) (int, error) {
	n, err := c.Buffer.Write(p)
	if strings.Contains(c.String(), c.text) {
		c.cancel()
	}
	return n, err
}

func TestPingInterrupted(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	for _, test := range []struct {
		target string
		text   string
		code   int
		want   string
	}{
		{b.ws, "ping 2:", cli.ExitOK, "2 sent, 2 answered, 0% lost\n"},
		{nobody(t), "ping 2:", cli.ExitFailed, "2 sent, 0 answered, 100% lost\n"},
	} {
		ctx, cancel := context.WithCancel(t.Context())
		out := &cutter{text: test.text, cancel: cancel}
		got := run(ctx, []string{"ping", "-i", "1ms", "--target", test.target}, nil, out, io.Discard, b.env)
		if got != test.code || !strings.Contains(out.String(), test.want) {
			t.Errorf("run(ping) = %d, %q; want %d, %q", got, out.String(), test.code, test.want)
		}
		cancel()
	}
}

// ping goes on while the bot starts again.
func TestPingOutlivesBot(t *testing.T) {
	b, stop := startBot(t)
	ended := make(chan struct{})
	out := &cutter{text: "ping 2:", cancel: func() {
		select {
		case <-ended:
		default:
			stop()
			close(ended)
		}
	}}
	got := run(t.Context(), []string{"ping", "-c", "4", "-i", "0", "--timeout", "3s"}, nil, out, io.Discard, b.env)
	if want := "4 sent, 2 answered, 50% lost\n"; got != cli.ExitOK || !strings.Contains(out.String(), want) {
		t.Errorf("run(ping) = %d, %q; want %d, %q", got, out.String(), cli.ExitOK, want)
	}
}

// A health check ends at its limit, which is too short for any bot.
func TestHealthCheckEnds(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	if got := run(t.Context(), []string{"ping", "-c", "1", "-q", "--timeout", "1ns"}, nil, io.Discard, io.Discard, b.env); got != cli.ExitFailed {
		t.Errorf("run(ping) = %d; want %d", got, cli.ExitFailed)
	}
}
