package cogs_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"sync/atomic"
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

// Receipt tells how many coins are left.
type Receipt struct {
	Coins int `json:"coins"`
}

// Buy is the route that the bot and its callers share.
const Buy wire.Route[Purchase, Receipt] = "shop.buy"

// bot starts a server with the given cogs, and a client that reaches it in memory.
func bot(list ...cogs.Cog) (*actors.Server, *client.Client) {
	srv := actors.NewServer(&actors.Options{Logger: slog.New(slog.DiscardHandler)})
	if err := srv.Load(context.Background(), list...); err != nil {
		fmt.Println(err)
	}
	c, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext, Name: "dashboard"})
	if err != nil {
		fmt.Println(err)
	}
	return srv, c
}

// A shop keeps its coins over reloads, and serves the buyers of each guild one at a time.
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

func ExampleHandle() {
	const double wire.Route[int, int] = "math.double"
	math := cogs.Cog{Name: "math", Setup: func(_ context.Context, r *cogs.Registrar) error {
		cogs.Handle(r, double, func(_ context.Context, n int) (int, error) {
			if n > 1000 {
				return 0, wire.Errorf(wire.BadRequest, "%d is more than 1000", n)
			}
			return 2 * n, nil
		})
		return nil
	}}
	srv, c := bot(math)
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call(context.Background(), c, double, 21))
	fmt.Println(client.Call(context.Background(), c, double, 1001))
	// Output:
	// 42 <nil>
	// 0 bad_request: 1001 is more than 1000
}

// The next instance goes on counting. A mutex protects the map from handlers that run at
// the same time; Keep needs no lock, since it reads and writes the map while no other code
// of the cog runs.
func ExampleKeep() {
	const greet wire.Route[string, int] = "greet"
	greeter := cogs.Cog{Name: "greeter", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var mu sync.Mutex
		seen := map[string]int{}
		cogs.Keep(r, "seen", &seen)
		cogs.Handle(r, greet, func(_ context.Context, name string) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			seen[name]++
			return seen[name], nil
		})
		return nil
	}}
	ctx := context.Background()
	srv, c := bot(greeter)
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call(ctx, c, greet, "ada"))
	if _, err := srv.Reload(ctx, "greeter", nil); err != nil {
		fmt.Println(err)
	}
	fmt.Println(client.Call(ctx, c, greet, "ada"))
	// Output:
	// 1 <nil>
	// 2 <nil>
}

// A task runs beside the calls until the instance ends. When it returns an error, the cog
// restarts.
func ExampleRegistrar_Go() {
	joins := make(chan string) // gets a name from a queue, a socket or a file
	greeted := make(chan string)
	greeter := cogs.Cog{Name: "greeter", Setup: func(_ context.Context, r *cogs.Registrar) error {
		r.Go(func(ctx context.Context) error {
			for {
				select {
				case name := <-joins:
					greeted <- "welcome, " + name
				case <-ctx.Done():
					return nil
				}
			}
		})
		return nil
	}}
	srv, c := bot(greeter)
	defer srv.Close()
	defer c.Close()

	joins <- "ada"
	fmt.Println(<-greeted)
	// Output: welcome, ada
}

func ExampleRegistrar_Every() {
	ticks := make(chan int)
	clock := cogs.Cog{Name: "clock", Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := 0
		r.Every(10*time.Millisecond, func(ctx context.Context) error { // the next tick begins only when this one has returned
			n++
			select {
			case ticks <- n:
			case <-ctx.Done():
			}
			return nil
		})
		return nil
	}}
	srv, c := bot(clock)
	defer srv.Close()
	defer c.Close()

	fmt.Println(<-ticks, <-ticks)
	// Output: 1 2
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
	tell := func(i cogs.Info) string {
		return fmt.Sprintf("%s of cog %s, generation %d, for %s by %s", i.Endpoint, i.Cog, i.Generation, i.Client, i.Dialect)
	}
	srv, c := bot(cogs.Single("who", func(ctx context.Context, _ wire.Empty) (string, error) {
		return tell(cogs.CallInfo(ctx)), nil
	}))
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call[wire.Empty, string](context.Background(), c, "who", wire.Empty{}))
	// Output: who of cog who, generation 1, for dashboard by cogbus.v1 <nil>
}

// A cog fills its cache when nothing has failed. After a failure, which a bad entry may
// have caused, it leaves the cache empty.
func ExampleRegistrar_Reason() {
	fill := func(r cogs.Reason) string {
		switch r {
		case cogs.Load, cogs.Reload:
			return "from the database"
		case cogs.Rollback:
			return "from the database, as the build before read it"
		case cogs.Restart:
		}
		return "not at all"
	}
	srv, c := bot(cogs.Cog{Name: "cache", Setup: func(_ context.Context, r *cogs.Registrar) error {
		fmt.Printf("%s: the cache is filled %s\n", r.Reason(), fill(r.Reason()))
		return nil
	}})
	defer srv.Close()
	defer c.Close()

	if _, err := srv.Reload(context.Background(), "cache", nil); err != nil {
		fmt.Println(err)
	}
	// Output:
	// load: the cache is filled from the database
	// reload: the cache is filled from the database
}

// A cog with every kind of record: a kept value that JSON would lose, a cleanup, ticks, a
// task and a route.
func ExampleRegistrar() {
	const hit wire.Route[wire.Empty, int64] = "hits.hit"
	changed := make(chan struct{}) // gets a value when somebody edits the settings
	hits := cogs.Cog{Name: "hits", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var n atomic.Int64
		r.KeepFunc("n",
			func() ([]byte, error) { return strconv.AppendInt(nil, n.Load(), 10), nil },
			func(text []byte) error {
				old, err := strconv.ParseInt(string(text), 10, 64)
				n.Store(old)
				return err
			})
		r.Cleanup(func() { fmt.Println("ended at", n.Load()) })
		r.Every(time.Hour, func(context.Context) error { fmt.Println("now at", n.Load()); return nil })
		r.Go(func(ctx context.Context) error {
			for {
				select {
				case <-changed:
					r.RequestReload()
				case <-ctx.Done():
					return nil
				}
			}
		})
		cogs.Handle(r, hit, func(context.Context, wire.Empty) (int64, error) { return n.Add(1), nil })
		return nil
	}}
	ctx := context.Background()
	srv, c := bot(hits)
	defer srv.Close()
	defer c.Close()

	fmt.Println(client.Call(ctx, c, hit, wire.Empty{}))
	if _, err := srv.Reload(ctx, "hits", nil); err != nil {
		fmt.Println(err)
	}
	fmt.Println(client.Call(ctx, c, hit, wire.Empty{}))
	// Output:
	// 1 <nil>
	// ended at 1
	// 2 <nil>
	// ended at 2
}

// The bot passes the panics of handlers to OnError. The callers get the code internal,
// without the text of the panic.
func ExamplePanic() {
	panics := make(chan *cogs.Panic, 1)
	srv := actors.NewServer(&actors.Options{
		Logger: slog.New(slog.DiscardHandler),
		OnError: func(f actors.Failure) {
			if p, ok := errors.AsType[*cogs.Panic](f.Err); ok {
				panics <- p
			}
		},
	})
	defer srv.Close()
	greet := cogs.Single("greet", func(context.Context, wire.Empty) (string, error) { panic("no names") })
	if err := srv.Load(context.Background(), greet); err != nil {
		fmt.Println(err)
	}
	c, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		fmt.Println(err)
	}
	defer c.Close()

	_, err = client.Call[wire.Empty, string](context.Background(), c, "greet", wire.Empty{})
	fmt.Println(wire.CodeOf(err))
	fmt.Println((<-panics).Value)
	// Output:
	// internal
	// no names
}
