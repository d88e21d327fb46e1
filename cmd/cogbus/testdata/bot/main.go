// Command bot is a bot for a test of "cogbus dev". Its cog is in the folder that the
// argument names. The bot prints the answer of the cog's route whenever it changes.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/process"
	"github.com/cogbus/cogbus/wire"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	srv := actors.NewServer(nil)
	if err := srv.Load(ctx, process.Cog("hello", os.Args[1], &process.Options{Cache: os.Args[2]})); err != nil {
		fmt.Println(err)
		os.Exit(3)
	}
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		panic(err)
	}
	for last := ""; ctx.Err() == nil; {
		text, err := client.Call(ctx, bot, wire.Route[wire.Empty, string]("hello.say"), wire.Empty{})
		if err == nil && text != last {
			fmt.Println("says", text)
			last = text
		}
		select {
		case <-ctx.Done():
		case <-time.After(5 * time.Millisecond):
		}
	}
	_ = bot.Close()
	_ = srv.Close()
	fmt.Println("ended in order")
}
