// Package subprocess runs programs for one that stands for them in a terminal: what
// ends it ends them.
package subprocess

import (
	"context"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"syscall"
	"time"
)

const (
	// grace is how long a program may take to end. Servers end calls after ten seconds.
	grace = 20 * time.Second
	// enough is how many times a program is asked before it is killed: to many the
	// second means "at once".
	enough = 3
	// together is within what a Ctrl-C reaches all programs that it is for.
	together = 100 * time.Millisecond
)

// Signals returns what asks a program to end: Ctrl-C, SIGTERM, and that the
// terminal is closed, unless it was started to outlive that (nohup).
func Signals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// Run runs cmd until it ends, and returns what cmd.Wait does. The caller has set
// signals to be notified of [Signals]. They are for cmd too: SIGTERM and SIGHUP
// reach it as SIGTERM; an interrupt as such, unless it was a Ctrl-C, which the
// terminal has sent to cmd itself. So it is sent on only if the terminal could
// not: if this program is not in the foreground of one. The end of ctx interrupts
// cmd, unless a signal ended it, which is in signals as well. cmd is killed if it
// is still there 20 s after the first, or at the third. On Linux it gets SIGTERM
// also if this program is killed.
//
// cmd stays in the group of this program: in one of its own it could not read from
// the terminal.
func Run(ctx context.Context, cmd *exec.Cmd, signals <-chan os.Signal) error {
	cmd.WaitDelay = grace // for what cmd has started and left behind with its output
	tether(cmd)
	started, ended := make(chan error), make(chan error, 1)
	go func() { // until cmd has ended, which is waited for below
		runtime.LockOSThread() // Linux takes the end of the thread that starts cmd for the end of the program
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			ended <- cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return err
	}
	early := len(signals) // they may have come when there was no cmd yet
	done := ctx.Done()
	var late <-chan time.Time
	for asked := 0; ; {
		pass := true
		var sig os.Signal
		select {
		case err := <-ended:
			if asked == 0 && inForeground() { // the same Ctrl-C may still be on its way to here
				select {
				case <-ctx.Done():
				case <-time.After(together):
				}
			}
			return err
		case <-late:
			_ = cmd.Process.Kill()
			late = nil
			continue
		case sig = <-signals:
			pass = sig != os.Interrupt || early > 0 || !inForeground()
			early--
		case <-done:
			done = nil
			if context.Cause(ctx) != ctx.Err() { //nolint:errorlint // the cause that is a signal says that it is Canceled
				continue
			}
			sig = os.Interrupt
		}
		if asked++; asked == 1 {
			late = time.After(grace)
		}
		switch {
		case asked >= enough:
			_ = cmd.Process.Kill()
		case pass:
			_ = ask(cmd.Process, sig) // it fails if cmd has just ended
		}
	}
}
