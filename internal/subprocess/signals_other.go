//go:build !unix

package subprocess

import "os"

// ask kills a process, since there is no signal here that asks it to end.
func ask(p *os.Process, _ os.Signal) error { return p.Kill() }

// inForeground reports that a Ctrl-C reaches all processes of a console.
func inForeground() bool { return true }
