package main

import (
	"os"
	"os/exec"
	"runtime"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/examples/bot/stats"
)

// statsSource is the folder of the cog stats, seen from the repository's root.
const statsSource = "examples/bot/stats"

// statsCog returns the cog stats: as a process that follows its source or, where
// there is none or no Go, as it was compiled into the bot.
func statsCog() cogs.Cog {
	_, noSource := os.Stat(statsSource)
	_, noGo := exec.LookPath("go")
	if noSource != nil || noGo != nil || runtime.GOOS == "windows" {
		return stats.Cog()
	}
	return process.Cog("stats", statsSource, &process.Options{Watch: true})
}
