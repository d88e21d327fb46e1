package load

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/client/loadtest/compare"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

func newDiff(env *cli.Env) *cobra.Command {
	return &cobra.Command{
		Use:   "diff BEFORE.json AFTER.json",
		Short: "Tell which figures of two load tests differ by more than noise",
		Long: `The files are reports of "cogbus load --out". The exit code is 3 if a figure is
worse. Other work on the machine can look like a change. So make three runs of each
side in turns (before, after, before, …), and join the files of a side by commas.`,
		Example:     "cogbus load diff before.json after.json\n  cogbus load diff b1.json,b2.json,b3.json a1.json,a2.json,a3.json",
		Annotations: map[string]string{cli.Local: "yes"},
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 2 {
				return cli.Usagef("load diff: want two files, such as before.json after.json; join several files of one side by commas")
			}
			return cli.Args(2, 2)(cmd, args)
		},
		RunE: func(_ *cobra.Command, args []string) error { return diff(env, args[0], args[1]) },
	}
}

// diff prints how two sides differ. Each side is a file, or several separated by
// commas.
func diff(env *cli.Env, before, after string) error {
	a, err := readReports(before)
	if err != nil {
		return err
	}
	b, err := readReports(after)
	if err != nil {
		return err
	}
	c, err := compare.Runs(a, b, nil)
	if err != nil {
		return cli.Usagef("load diff: %s", strings.TrimPrefix(err.Error(), "compare: "))
	}
	if env.JSON {
		text, err := json.MarshalIndent(c, "", "  ")
		if err != nil {
			return fmt.Errorf("encode the comparison: %w", err)
		}
		env.Out.Printf("%s\n", text)
	} else {
		var text strings.Builder
		if err := c.WriteText(&text); err != nil {
			return fmt.Errorf("write the comparison: %w", err)
		}
		env.Out.Printf("%s\n", cli.ManyLines(text.String())) // cleaned, since the files may come from other people
	}
	if c.Regressed() {
		return &cli.Error{Err: errors.New("the second is worse"), Code: cli.ExitAssertion}
	}
	return nil
}

func readReports(names string) ([]*loadtest.Report, error) {
	var list []*loadtest.Report
	for name := range strings.SplitSeq(names, ",") {
		if name == "" {
			return nil, cli.Usagef("load diff: there is no name before or behind a comma of %q", names)
		}
		r, err := loadtest.ReadReport(name)
		if err != nil {
			return nil, cli.Usagef("load diff: %v", err)
		}
		list = append(list, r)
	}
	return list, nil
}
