package main

import (
	"os"
	"os/exec"
	"runtime"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/examples/bot/stats"
)

// statsSource is the folder of the cog stats, relative to the root of the repository, from
// which you start the bot.
const statsSource = "examples/bot/stats"

// statsCog returns the cog stats as a process that follows its source. If there is no
// source or no go command here, it returns the cog as it is compiled into the bot.
func statsCog() cogs.Cog {
	_, noSource := os.Stat(statsSource)
	_, noGo := exec.LookPath("go")
	if noSource != nil || noGo != nil || runtime.GOOS == "windows" {
		return stats.Cog()
	}
	return process.Cog("stats", statsSource, &process.Options{Watch: true})
}
