package loadtest

import (
	"runtime"
	"runtime/debug"
	"strings"

	"github.com/cogbus/cogbus/client/loadtest/internal/machine"
)

// thisMachine describes the machine and the program for the report.
func thisMachine() Machine {
	m := Machine{Go: runtime.Version(), System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.GOMAXPROCS(0), CPU: machine.CPUModel()}
	if info, ok := debug.ReadBuildInfo(); ok {
		m.Cogbus = info.Main.Version
		for _, dep := range info.Deps {
			if strings.HasSuffix(dep.Path, "/cogbus") {
				m.Cogbus = dep.Version
			}
		}
	}
	return m
}

// generatorOf returns u in the form of the report, without the lag.
func generatorOf(u machine.Usage) Generator {
	return Generator{
		CPU: u.CPU, Cores: u.Cores, MachineBusy: u.MachineBusy,
		MaxRSS: u.MaxRSS, GCs: u.GCs, Pause: millis(u.Pause),
	}
}
