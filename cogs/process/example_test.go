//go:build unix

package process_test

import (
	"context"
	"fmt"
	"os"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
)

// A bot runs the package in ./testdata/stats as a process of its own.
func ExampleCog() {
	cache, err := os.MkdirTemp("", "cogbus")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(cache)

	srv := actors.NewServer(nil)
	defer srv.Close()
	ctx := context.Background()
	stats := process.Cog("stats", "./testdata/stats", &process.Options{Cache: cache})
	if err := srv.Load(ctx, stats); err != nil {
		fmt.Println(err)
		return
	}
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()
	for range 2 {
		n, err := client.Call(ctx, bot, wire.Route[wire.Empty, int]("stats.next"), wire.Empty{})
		fmt.Println(n, err)
	}
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// A machine with Go builds the executable. A bot on a machine without Go runs it, with
// Options.Binary.
func ExampleBuild() {
	built := func(a process.Artefact) { fmt.Printf("%s is build %s, made in %v\n", a.Path, a.Revision, a.Took) }
	a, err := process.Build(context.Background(), "./cogs/stats", "./stats", &process.Options{BuildFlags: []string{"-tags=netgo"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	built(a)
}
