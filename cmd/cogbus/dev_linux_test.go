package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// A developer is a process of "cogbus dev" with the bot of testdata/signals.
type developer struct {
	*exec.Cmd
	*listener // to the output of cogbus dev and of the bot
	heard     chan struct{}
}

// develop starts a developer in its own session, so that it does not have the terminal
// of the test. It has the given terminal instead, if that is not nil.
func develop(t *testing.T, terminal *os.File) *developer {
	t.Helper()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip(err)
	}
	d := &developer{
		Cmd:      exec.CommandContext(t.Context(), "cogbus", "dev", "./testdata/signals"),
		listener: &listener{news: make(chan struct{}, 1)},
		heard:    make(chan struct{}),
	}
	d.Env = append(os.Environ(), "GORACE="+noLinger)
	d.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: terminal != nil}
	from, to, err := os.Pipe() // not a bytes.Buffer, because the bot may outlive cogbus dev
	if err != nil {
		t.Fatal(err)
	}
	d.Stdout, d.Stderr = to, to
	if terminal != nil {
		d.Stdin = terminal
	}
	err = d.Start()
	_ = to.Close()
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(d.heard)
		_, _ = io.Copy(d.listener, from)
	}()
	t.Cleanup(func() {
		_ = d.Process.Kill()
		<-d.heard
		_ = from.Close()
	})
	d.hears(t, "here")
	return d
}

// openTerminal returns the two sides of a terminal: one for the user's keys, and one for
// programs.
func openTerminal(t *testing.T) (keys, terminal *os.File) {
	t.Helper()
	keys, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = keys.Close() })
	var n int
	conn, err := keys.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = conn.Control(func(fd uintptr) {
		if err := unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); err != nil {
			t.Errorf("unlock the terminal: %v", err)
		}
		n, err = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		if err != nil {
			t.Errorf("name the terminal: %v", err)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	terminal, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	return keys, terminal
}

// TestDev_terminal checks that the bot reads from the terminal, and gets each Ctrl-C once.
func TestDev_terminal(t *testing.T) {
	keys, terminal := openTerminal(t)
	d := develop(t, terminal)
	_ = terminal.Close()
	for _, step := range []struct{ press, want string }{
		{"hello\n", `read "hello"`},
		{"\x03", "signal 1: interrupt."},
		{"\x03", "signal 2: interrupt."},
	} {
		if _, err := keys.WriteString(step.press); err != nil {
			t.Fatal(err)
		}
		d.hears(t, step.want)
	}
	_ = d.Process.Signal(syscall.SIGTERM) // the third
	if err := d.Wait(); err != nil {
		t.Errorf("dev ended with %v; want nil", err)
	}
}

// TestDev_terminalOnce checks that cogbus dev does not pass on a Ctrl-C of the terminal,
// which the bot gets as well. Signals are passed on in order, so the bot would get it a
// second time before the SIGTERM.
func TestDev_terminalOnce(t *testing.T) {
	keys, terminal := openTerminal(t)
	d := develop(t, terminal)
	_ = terminal.Close()
	if _, err := keys.WriteString("\x03"); err != nil {
		t.Fatal(err)
	}
	d.hears(t, "signal 1: interrupt.")
	_ = d.Process.Signal(syscall.SIGTERM)
	d.hears(t, "signal 2: terminated.")
	if err := d.Wait(); err != nil {
		t.Errorf("dev ended with %v; want nil", err)
	}
}

// TestDev_signals sends signals only to cogbus dev, which passes them on.
func TestDev_signals(t *testing.T) {
	for _, test := range []struct {
		name string
		send []syscall.Signal
		want []string
	}{
		{"interrupt", []syscall.Signal{syscall.SIGINT, syscall.SIGINT, syscall.SIGINT}, []string{"signal 1: interrupt.", "signal 2: interrupt."}},
		{"terminate", []syscall.Signal{syscall.SIGINT, syscall.SIGTERM}, []string{"signal 1: interrupt.", "signal 2: terminated."}},
		{"terminal closed", []syscall.Signal{syscall.SIGHUP}, []string{"signal 1: terminated."}},
	} {
		t.Run(test.name, func(t *testing.T) {
			d := develop(t, nil)
			for i, sig := range test.send {
				_ = d.Process.Signal(sig)
				if i < len(test.want) {
					d.hears(t, test.want[i])
				}
			}
			if err := d.Wait(); err != nil {
				t.Errorf("dev ended with %v; want nil", err)
			}
			<-d.heard // is closed when the bot has ended, too
		})
	}
}

// TestDev_killed checks that the bot ends when cogbus dev is killed.
func TestDev_killed(t *testing.T) {
	d := develop(t, nil)
	_ = d.Process.Kill()
	_ = d.Wait()
	d.hears(t, "signal 1: terminated.")
	<-d.heard
}
