package cogs_test

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// Purchase asks for an item.
type Purchase struct {
	Guild wire.Snowflake `json:"guild"`
	Item  string         `json:"item"`
}

// Receipt is what is left.
type Receipt struct {
	Coins int `json:"coins"`
}

// Buy is shared by the bot and its callers.
const Buy wire.Route[Purchase, Receipt] = "shop.buy"

// bot starts a server with the given cogs and a client of it, in memory.
func bot(list ...cogs.Cog) (*actors.Server, *client.Client) {
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := srv.Load(context.Background(), list...); err != nil {
		fmt.Println(err)
	}
	c, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
	}
	return srv, c
}

// A shop keeps its coins over reloads, and serves the buyers of one guild one
// after the other.
func ExampleHandleWith() {
	shop := cogs.Cog{Name: "shop", Setup: func(_ context.Context, r *cogs.Registrar) error {
		coins := 10
		cogs.Keep(r, "coins", &coins)
		cogs.HandleWith(r, Buy, cogs.RouteOptions[Purchase]{
			Timeout: time.Second,
			Key:     func(p Purchase) string { return p.Guild.String() },
		}, func(_ context.Context, p Purchase) (Receipt, error) {
			if coins < 7 {
				return Receipt{}, wire.Errorf("no_money", "a %s costs 7, and %d are left", p.Item, coins)
			}
			coins -= 7
			return Receipt{Coins: coins}, nil
		})
		return nil
	}}
	ctx := context.Background()
	srv, c := bot(shop)
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call(ctx, c, Buy, Purchase{Guild: 1, Item: "hat"}))
	_, err := srv.Reload(ctx, "shop", nil)
	fmt.Println("reload:", err)
	_, err = client.Call(ctx, c, Buy, Purchase{Guild: 1, Item: "coat"})
	fmt.Println(wire.CodeOf(err), "-", err)
	// Output:
	// {3} <nil>
	// reload: <nil>
	// no_money - no_money: a coat costs 7, and 3 are left
}

func ExampleSingle() {
	srv, c := bot(cogs.Single("greet", func(_ context.Context, name string) (string, error) {
		return "hello " + name, nil
	}))
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call[string, string](context.Background(), c, "greet", "ada"))
	// Output: hello ada <nil>
}

func ExampleCall() {
	srv, c := bot(
		cogs.Single("double", func(_ context.Context, n int) (int, error) { return 2 * n, nil }),
		cogs.Single("quadruple", func(ctx context.Context, n int) (int, error) {
			n, err := cogs.Call[int, int](ctx, "double", n)
			if err != nil {
				return 0, err
			}
			return cogs.Call[int, int](ctx, "double", n)
		}),
	)
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call[int, int](context.Background(), c, "quadruple", 5))
	// Output: 20 <nil>
}

func ExampleCallInfo() {
	srv, c := bot(cogs.Single("who", func(ctx context.Context, _ wire.Empty) (string, error) {
		i := cogs.CallInfo(ctx)
		return fmt.Sprintf("%s of cog %s, generation %d, by %s", i.Endpoint, i.Cog, i.Generation, i.Dialect), nil
	}))
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call[wire.Empty, string](context.Background(), c, "who", wire.Empty{}))
	// Output: who of cog who, generation 1, by cogbus.v1 <nil>
}
