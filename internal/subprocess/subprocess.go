// Package subprocess runs a program in place of the current one: a signal that ends the
// current program ends the other one too.
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
	// grace is how long a program may take to end. Servers cancel their calls after ten
	// seconds.
	grace = 20 * time.Second
	// enough is the number of requests to end after which a program is killed. Many
	// programs take the second request for "at once".
	enough = 3
	// together is the time in which a Ctrl-C reaches all programs of its process group.
	together = 100 * time.Millisecond
)

// Signals returns the signals that ask a program to end: Ctrl-C, SIGTERM, and SIGHUP
// when the terminal closes, unless the program was started to outlive the terminal
// (nohup).
func Signals() []os.Signal {
	all := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) {
		all = append(all, syscall.SIGHUP)
	}
	return all
}

// Run runs cmd until it ends, and returns the result of cmd.Wait. The caller has set
// signals to be notified of [Signals]. Run passes them on to cmd:
//
//   - SIGTERM and SIGHUP as SIGTERM;
//   - an interrupt as such, but only if this program is not in the foreground of a
//     terminal. Otherwise it was a Ctrl-C, which the terminal has sent to cmd too.
//
// The end of ctx interrupts cmd, unless a signal ended ctx: then that signal is in
// signals as well. Run kills cmd 20 s after the first signal, or at the third. On Linux
// cmd gets SIGTERM also if this program is killed.
//
// cmd stays in the group of this program, because in a group of its own it could not
// read from the terminal.
func Run(ctx context.Context, cmd *exec.Cmd, signals <-chan os.Signal) error {
	cmd.WaitDelay = grace // for processes that cmd has started, and that still hold its output
	tether(cmd)
	started, ended := make(chan error), make(chan error, 1)
	go func() { // ends with cmd, for which Run waits below
		runtime.LockOSThread() // Linux takes the end of the thread that started cmd for the end of the program
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
	early := len(signals) // signals may have come before cmd was started
	done := ctx.Done()
	var late <-chan time.Time
	for asked := 0; ; {
		pass := true
		var sig os.Signal
		select {
		case err := <-ended:
			if asked == 0 && inForeground() { // the same Ctrl-C may still be on its way to this process
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
			if context.Cause(ctx) != ctx.Err() { //nolint:errorlint // a cause that is a signal also says that it is Canceled
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
