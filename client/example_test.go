package client_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// In a program, the code up to exampleBot is in packages of its own: the contract, and
// the bot.

type Guild struct {
	ID wire.Snowflake `json:"id"`
}

type Members struct {
	Count int `json:"count"`
}

const CountMembers wire.Route[Guild, Members] = "members.count"

func count(_ context.Context, g Guild) (Members, error) {
	if g.ID != 81384788765712384 {
		return Members{}, wire.Errorf(wire.NotFound, "the bot is not in guild %s", g.ID)
	}
	return Members{Count: 71834}, nil
}

func exampleBot() *actors.Server {
	srv := actors.NewServer(&actors.Options{Secret: "s3cret", Logger: slog.New(slog.DiscardHandler)})
	err := srv.Load(context.Background(), cogs.Cog{
		Name: "members",
		Setup: func(_ context.Context, r *cogs.Registrar) error {
			cogs.Handle(r, CountMembers, count)
			return nil
		},
	})
	if err != nil {
		panic(err)
	}
	return srv
}

// Here a bot and a dashboard are one process. With a target, and without DialContext,
// they are two.
func Example() {
	srv := exampleBot()
	defer srv.Close()

	ctx := context.Background()
	bot, err := client.Dial(ctx, "ws://bot", &client.Options{Secret: "s3cret", DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()
	members, err := client.Call(ctx, bot, CountMembers, Guild{ID: 81384788765712384})
	fmt.Println(members.Count, err)

	// Output: 71834 <nil>
}

func ExampleCall() {
	srv := exampleBot()
	defer srv.Close()
	bot, err := client.New("ws://bot", &client.Options{Secret: "s3cret", DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	_, err = client.Call(ctx, bot, CountMembers, Guild{ID: 1})
	switch wire.CodeOf(err) {
	case wire.NotFound:
		fmt.Println("invite the bot first:", err)
	case wire.Unavailable, wire.Interrupted:
		fmt.Println("the bot is away:", err)
	}

	// Output: invite the bot first: not_found: the bot is not in guild 1
}

func ExampleClient_Request() {
	srv := exampleBot()
	defer srv.Close()
	bot, err := client.New("ws://bot", &client.Options{Secret: "s3cret", DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()

	ctx := context.Background()
	text, err := bot.Request(ctx, "members.count", map[string]any{"id": "81384788765712384"})
	fmt.Println(string(text), err)
	text, err = bot.Request(ctx, "members.count", json.RawMessage(`{"id": 81384788765712384}`))
	fmt.Println(string(text), err)

	// Output:
	// {"count":71834} <nil>
	// {"count":71834} <nil>
}

func ExampleDial() {
	_, err := client.Dial(context.Background(), "ipcx://bot.example.com", &client.Options{Secret: "s3cret"})
	fmt.Println(err)

	// Output:
	// client: target "ipcx://bot.example.com": this protocol sends the secret in clear, and bot.example.com is another host: use wss, a tunnel to localhost, or set Options.AllowCleartextSecret
}
