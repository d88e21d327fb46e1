package commands

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
	"github.com/cogbus/cogbus/cogs/process"
)

// NewBuild returns the command "build".
func NewBuild(env *cli.Env) *cobra.Command {
	var folder, tags string
	cmd := &cobra.Command{
		Use:   "build [-o DIR] PACKAGE...",
		Short: "Make executables of cogs, for machines without Go",
		Long: `Each PACKAGE is the folder of a cog's package. The executable gets the name of
the folder. A bot runs it if process.Options.Binary names it. GOOS and GOARCH in
the environment set the kind of machine. cogbus prints the path of each executable
and a hash of its content: the same source gives the same hash.`,
		Example:     "cogbus build ./cogs/stats\n  GOARCH=arm64 cogbus build -o bin ./cogs/*",
		Annotations: map[string]string{cli.Local: "yes"},
		Args:        cli.Args(1, 1<<10),
		RunE: func(cmd *cobra.Command, packages []string) error {
			if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // others must be able to run the executables
				return err
			}
			opts := &process.Options{}
			if tags != "" {
				opts.BuildFlags = []string{"-tags=" + tags}
			}
			for _, dir := range packages {
				if err := build(cmd.Context(), env, dir, folder, opts); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cli.AddFlags(cmd, "Flags", func(fs *pflag.FlagSet) {
		fs.StringVarP(&folder, "output", "o", ".", "the `DIR` for the executables")
		fs.StringVar(&tags, "tags", "", "build `TAGS`, as for go build")
	})
	return cmd
}

// build makes one executable in the folder, and prints its path and hash.
func build(ctx context.Context, env *cli.Env, dir, folder string, opts *process.Options) error {
	full, err := filepath.Abs(dir)
	if err != nil {
		return err
	}
	path := filepath.Join(folder, filepath.Base(full))
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return cli.Usagef("there is a folder %s, where the executable of %s would be: use -o", path, dir)
	}
	progress := env.Progress("building " + dir)
	a, err := process.Build(ctx, dir, path, opts)
	progress.Done()
	if err != nil {
		return &cli.Error{
			Err:   fmt.Errorf("build %s: %w", dir, err),
			Lines: dir + " does not build:\n" + strings.TrimSpace(err.Error()),
		}
	}
	if env.JSON {
		env.Out.JSON(struct {
			Path  string  `json:"path"`
			Build string  `json:"build"`
			Took  float64 `json:"built_ms"`
		}{a.Path, a.Revision, float64(a.Took.Round(time.Microsecond)) / float64(time.Millisecond)})
		return nil
	}
	env.Out.Printf("%s (%s), built %.2f s\n", cli.OneLine(a.Path), a.Revision, a.Took.Seconds())
	return nil
}
