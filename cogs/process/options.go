package process

import (
	"cmp"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"
)

// Options say how to build and run a cog. The zero value builds it from source. A cog
// copies the struct; the bot must not change the slices in it afterwards.
type Options struct {
	// Binary is the path of an executable to run instead of building one, relative to the
	// working directory of the bot. It is for machines without Go, and for cogs in other
	// languages.
	Binary string

	// Args are the arguments of the executable.
	Args []string

	// Env is added to the environment of the process, as "NAME=value". The process also
	// inherits the environment of the bot, except for DISCORD_TOKEN, COGBUS_SECRET and
	// COGBUS_ADMIN_SECRET. If a cog needs one of these, put it here.
	Env []string

	// BuildFlags are additional flags of go build, for example "-race" or "-tags=x". The go
	// command takes CGO_ENABLED, GOFLAGS and similar variables from the environment.
	BuildFlags []string

	// Watch builds and reloads the cog when people save its sources: its package, and the
	// packages that it imports from modules that are edited on this machine. If the build
	// fails, the bot logs the compiler's messages, and the old code goes on serving.
	//
	// The environment variable COGBUS_DEV=1, which "cogbus dev" sets, sets Watch for every
	// cog that is built from source.
	Watch bool

	// Cache is the folder for the executables, relative to the working directory of the
	// bot. It keeps the last five of each cog. If empty, it is "cogbus" in
	// os.UserCacheDir(). A load fails if other users can write to the folder, since they
	// could replace the program that the bot runs.
	Cache string

	// MemoryLimit is the most memory that the process may map, in bytes. If zero, there is
	// no limit.
	//
	// On Linux it is RLIMIT_DATA: it counts all private writable memory that the process
	// has mapped, used or not, and so more than the resident memory that tools show. The
	// smallest useful value is about 128 MiB: the process of a small cog in Go does not
	// start with less than some 80 to 100 MiB. The Go runtime gets nine tenths of the value
	// as GOMEMLIMIT, and tries to stay below it. A process that cannot get more memory
	// ends, its error names the limit, and the cog restarts.
	//
	// On other systems there is only GOMEMLIMIT, which nothing enforces.
	MemoryLimit int64

	// StartTimeout is the time limit for the start of the process together with its Setup,
	// without the build. If zero, it is 10 seconds.
	StartTimeout time.Duration

	// Grace is the time that the process has to run its cleanups and exit. Then the bot
	// kills it, and logs that. If tasks still run at the beginning of this time, they have
	// the first half of it to end, and the cleanups the rest. If zero, it is 1 second.
	Grace time.Duration

	// Logger gets the lines that the process writes to standard output and standard error,
	// and the messages of the build. If nil, it is slog.Default().
	Logger *slog.Logger
}

// secrets are the variables of the bot's environment that its cogs must not get.
var secrets = []string{"DISCORD_TOKEN", "COGBUS_SECRET", "COGBUS_ADMIN_SECRET"}

// inheritable returns env without the secrets.
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
