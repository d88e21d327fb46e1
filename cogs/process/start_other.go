//go:build !unix

package process

import (
	"fmt"
	"os/exec"
	"runtime"
)

// start returns an error: processes of cogs need Unix.
func start(string, string, *Options) (*process, error) {
	return nil, fmt.Errorf("cogs as processes need Unix; on %s compile the cog into the bot", runtime.GOOS)
}

func (p *process) signal() {}

func awaitExit(int) bool { return false }

func endWithChildren(*exec.Cmd) {}
