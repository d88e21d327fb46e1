package child_test

import (
	"github.com/cogbus/cogbus/cogs/process/child"
	"github.com/cogbus/cogbus/cogs/process/testdata/stats"
)

// The main function of a cog that you build by hand and run with process.Options.Binary.
func ExampleMain() {
	child.Main(stats.Cog())
}
