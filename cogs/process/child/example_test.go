package child_test

import (
	"github.com/cogbus/cogbus/cogs/process/child"
	"github.com/cogbus/cogbus/cogs/process/testdata/stats"
)

// The main function of a cog that is built by hand, for process.Options.Binary.
func ExampleMain() {
	child.Main(stats.Cog())
}
