package process

import (
	"cmp"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// Options say how a cog is built and run. The zero value builds it from source.
type Options struct {
	// Binary is an executable to run instead of building one: for machines
	// without Go, and for cogs in other languages.
	Binary string

	// Args are passed to the executable.
	Args []string

	// Env is added to the bot's own environment, as "NAME=value". Of that the
	// process does not get DISCORD_TOKEN, COGBUS_SECRET and COGBUS_ADMIN_SECRET:
	// a cog that needs one has it here.
	Env []string

	// BuildFlags are added to those of go build, "-race" or "-tags=x" for
	// instance. CGO_ENABLED, GOFLAGS and the like are taken from the
	// environment.
	BuildFlags []string

	// Watch builds and reloads the cog when its sources are saved: those of its
	// package, and of the packages that it imports from modules that are edited
	// here. What the compiler says is logged, and the old code serves on. The
	// environment variable COGBUS_DEV=1, which "cogbus dev" sets, does the same
	// for every cog that is built from source.
	Watch bool

	// Cache is the folder for what is built. The last five artefacts of each
	// cog are kept. If empty, "cogbus" in os.UserCacheDir(). One that other
	// users can write to is refused: they could run what they like as the bot.
	Cache string

	// MemoryLimit bounds the memory of the process in bytes; the Go runtime is
	// told to keep below it. If it does not succeed, the process ends and the
	// cog restarts. Enforced on Linux; elsewhere only the runtime is told. If
	// zero, there is no limit.
	MemoryLimit int64

	// StartTimeout is how long the process may take from its start to the end
	// of its Setup. If zero, 10 seconds.
	StartTimeout time.Duration

	// Grace is how long the process may take to run its cleanups and leave
	// before it is killed, which is logged. Tasks that still run then have half
	// of it to end before the cleanups begin. If zero, 1 second.
	Grace time.Duration

	// Logger gets what the process writes to standard output and standard
	// error, line by line. If nil, slog.Default().
	Logger *slog.Logger
}

// secrets are the variables of the bot's environment that are for the bot alone.
var secrets = []string{"DISCORD_TOKEN", "COGBUS_SECRET", "COGBUS_ADMIN_SECRET"}

// inheritable returns what of the bot's environment its cogs get.
func inheritable(env []string) []string {
	return slices.DeleteFunc(env, func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.Contains(secrets, name)
	})
}

func (o *Options) withDefaults() Options {
	var d Options
	if o != nil {
		d = *o
	}
	d.StartTimeout = cmp.Or(d.StartTimeout, 10*time.Second)
	d.Grace = cmp.Or(d.Grace, time.Second)
	d.Watch = d.Watch || os.Getenv("COGBUS_DEV") == "1"
	if d.Logger == nil {
		d.Logger = slog.Default()
	}
	return d
}
