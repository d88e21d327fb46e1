//go:build !unix

package main

import (
	"os"
	"os/exec"
)

func apart(*exec.Cmd) {}

// interrupt ends a process: there is no signal that asks it to.
func interrupt(p *os.Process) error { return p.Kill() }
