// Benchserver is a server for measurements. It serves two small routes in the same way as
// any bot does.
//
//	go run ./examples/benchserver -listen 127.0.0.1:8765
package main

import (
	"context"
	"flag"
	"log"
	"os"
	"os/signal"
	"runtime/pprof"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/wire"
)

// secret is public: the load generators have it too.
const secret = "bench-secret-key-0123456789"

const (
	memberCount wire.Route[guild, members] = "get_member_count"
	echoed      wire.Route[echo, echo]     = "echo"
)

type guild struct {
	ID uint64 `json:"guild_id"`
}

type members struct {
	Count int `json:"member_count"`
}

type echo struct {
	ID  uint64 `json:"guild_id"`
	Pad string `json:"pad"`
}

func main() {
	listen := flag.String("listen", "127.0.0.1:8765", "the `ADDRESS` to listen on")
	insecure := flag.Bool("insecure", false, "accept clients of cogbus.v1 without a proof of the secret")
	profile := flag.String("cpuprofile", "", "write a CPU profile to a `FILE` when interrupted")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if *profile != "" {
		f, err := os.Create(*profile)
		if err != nil {
			log.Fatal(err)
		}
		if err := pprof.StartCPUProfile(f); err != nil {
			log.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	if err := serve(ctx, *listen, *insecure); err != nil {
		log.Print(err)
	}
}

func serve(ctx context.Context, listen string, insecure bool) error {
	o := &actors.Options{Addr: listen, Discovery: "-", Secret: secret}
	if insecure {
		o.Secret, o.Insecure = "", true
	}
	srv := actors.NewServer(o)
	if err := srv.Load(ctx, cogs.Cog{Name: "bench", Setup: setup}); err != nil {
		return err
	}
	return srv.Run(ctx)
}

func setup(_ context.Context, r *cogs.Registrar) error {
	cogs.Handle(r, memberCount, func(context.Context, guild) (members, error) { return members{Count: 1234}, nil })
	cogs.Handle(r, echoed, func(_ context.Context, e echo) (echo, error) { return e, nil })
	return nil
}
