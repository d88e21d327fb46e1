//go:build !unix

package subprocess

import "os"

// ask ends a process: there is no signal that asks it to.
func ask(p *os.Process, _ os.Signal) error { return p.Kill() }

// inForeground reports that a Ctrl-C reaches all processes of a console.
func inForeground() bool { return true }
