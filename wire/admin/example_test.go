package admin_test

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

// A tool lists the cogs of a bot and reloads one of them. The list takes the secret; the
// reload takes the admin secret.
func Example() {
	srv := actors.NewServer(&actors.Options{Secret: "s3cret", AdminSecret: "adm1n", Logger: slog.New(slog.DiscardHandler)})
	defer srv.Close()
	ctx := context.Background()
	err := srv.Load(ctx, cogs.Single("greet", func(context.Context, string) (string, error) { return "hello", nil }))
	if err != nil {
		fmt.Println(err)
	}
	bot, err := client.Dial(ctx, "ws://bot", &client.Options{Secret: "adm1n", DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()

	list, err := client.Call(ctx, bot, admin.Cogs, wire.Empty{})
	for _, c := range list {
		fmt.Println(c.Name, c.State, c.Generation)
	}
	fmt.Println(err)
	result, err := client.Call(ctx, bot, admin.Reload, admin.ReloadRequest{Name: "greet"})
	fmt.Println(result.From, "→", result.To, err)
	// Output:
	// greet serving 1
	// <nil>
	// 1 → 2 <nil>
}
