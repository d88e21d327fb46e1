package actors_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

func Example() {
	quiet := slog.New(slog.DiscardHandler)
	srv := actors.NewServer(&actors.Options{Secret: "s3cret", Logger: quiet})
	defer srv.Close()

	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	if err := srv.Load(ctx, cogs.Single("greet", func(_ context.Context, name string) (string, error) {
		return "hello " + name, nil
	})); err != nil {
		fmt.Println(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0") // Run listens by itself; this is for a listener of your own
	if err != nil {
		fmt.Println(err)
		return
	}
	served := make(chan error)
	go func() { served <- srv.Serve(ctx, l) }()

	bot, err := client.Dial(ctx, "ws://"+l.Addr().String(), &client.Options{Secret: "s3cret"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(client.Call[string, string](ctx, bot, "greet", "ada"))
	_ = bot.Close()
	stop()
	fmt.Println("served:", <-served)
	// Output:
	// hello ada <nil>
	// served: <nil>
}

func ExampleServer_Load() {
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	defer srv.Close()
	works := cogs.Single("works", func(context.Context, wire.Empty) (int, error) { return 1, nil })
	broken := cogs.Cog{Name: "broken", Setup: func(context.Context, *cogs.Registrar) error { return errors.New("no database") }}

	fmt.Println(srv.Load(context.Background(), broken, works))
	for _, c := range srv.Cogs() {
		fmt.Println(c.Name, c.State)
	}
	// Output:
	// load broken: no database
	// works serving
}

func ExampleServer_Replace() {
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	defer srv.Close()
	version := func(n int) cogs.Cog {
		return cogs.Single("version", func(context.Context, wire.Empty) (int, error) { return n, nil })
	}
	ctx := context.Background()
	if err := srv.Load(ctx, version(1)); err != nil {
		fmt.Println(err)
	}
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer bot.Close()
	fmt.Println(client.Call[wire.Empty, int](ctx, bot, "version", wire.Empty{}))
	d, err := srv.Replace(ctx, version(2), nil)
	fmt.Println("generation", d.From, "to", d.To, err)
	fmt.Println(client.Call[wire.Empty, int](ctx, bot, "version", wire.Empty{}))
	// Output:
	// 1 <nil>
	// generation 1 to 2 <nil>
	// 2 <nil>
}

// A program that manages cogs by itself tells the reasons of failures apart.
func ExampleServer_Reload() {
	ctx := context.Background()
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	explain := func(err error) {
		switch {
		case errors.Is(err, actors.ErrLoaded):
			fmt.Println("a cog of that name is loaded")
		case errors.Is(err, actors.ErrNotLoaded):
			fmt.Println("no cog of that name is loaded")
		case errors.Is(err, actors.ErrRouteTaken):
			fmt.Println("another cog has one of its routes")
		case errors.Is(err, actors.ErrClosed):
			fmt.Println("the server has ended")
		default:
			fmt.Println(err)
		}
	}
	greet := cogs.Single("greet", func(context.Context, string) (string, error) { return "hello", nil })
	other := cogs.Single("greet", func(context.Context, string) (string, error) { return "hi", nil })
	other.Name = "other"
	explain(srv.Load(ctx, greet))
	explain(srv.Load(ctx, greet))
	explain(srv.Load(ctx, other))
	_, err := srv.Reload(ctx, "greet", &actors.ReloadOptions{Fresh: true})
	explain(err)
	_, err = srv.Reload(ctx, "gret", nil)
	explain(err)
	explain(srv.Shutdown(ctx))
	explain(srv.Load(ctx, greet))
	// Output:
	// <nil>
	// a cog of that name is loaded
	// another cog has one of its routes
	// <nil>
	// no cog of that name is loaded
	// <nil>
	// the server has ended
}
