package client_test

import (
	"context"
	"encoding/json"
	"errors"
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

// A dashboard repeats a call only if the bot has certainly not run it.
func ExampleSafeToRetry() {
	srv := exampleBot()
	ctx := context.Background()
	bot, err := client.Dial(ctx, "ws://bot", &client.Options{
		Secret:      "s3cret",
		DialContext: srv.DialContext,
		Logger:      slog.New(slog.DiscardHandler),
		OnState:     func(s client.State) { _ = s.Connected }, // for a lamp on the page
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, what := range []string{"the bot is there", "the bot has ended", "the client has ended"} {
		switch what {
		case "the bot has ended":
			_ = srv.Close()
		case "the client has ended":
			_ = bot.Close()
		}
		short, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		_, err := client.Call(short, bot, CountMembers, Guild{ID: 1})
		cancel()
		fmt.Printf("%s: %s, safe to retry: %v\n", what, wire.CodeOf(err), client.SafeToRetry(err))
	}
	// Output:
	// the bot is there: not_found, safe to retry: false
	// the bot has ended: unavailable, safe to retry: true
	// the client has ended: unavailable, safe to retry: false
}

// Programs that must know more ask for the errors in the tree.
func ExampleIsAnswer() {
	explain := func(err error) string {
		switch {
		case client.IsAnswer(err):
			return "the bot said so"
		case errors.Is(err, client.ErrClosed):
			return "this client is closed"
		case errors.Is(err, client.ErrEncode):
			return "the request cannot be written as JSON"
		case errors.Is(err, client.ErrMayHaveRun):
			return "nobody knows whether the call has run"
		}
		return "the call has not run"
	}
	srv := exampleBot()
	defer srv.Close()
	bot, err := client.New("ws://bot", &client.Options{Secret: "s3cret", DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, err = bot.Request(context.Background(), "members.count", map[string]any{"id": "1"})
	fmt.Println(explain(err))
	_, err = bot.Request(context.Background(), "members.count", make(chan int))
	fmt.Println(explain(err))
	_ = bot.Close()
	_, err = bot.Request(context.Background(), "members.count", nil)
	fmt.Println(explain(err))
	// Output:
	// the bot said so
	// the request cannot be written as JSON
	// this client is closed
}
