package main

import (
	"io"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

func TestCallOnTerminal(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	for args, want := range map[string]string{
		`call echo {"id":[12345678901234567890,NaN]}`:        "{\n  \"id\": [\n    12345678901234567890,\n    NaN\n  ]\n}\n",
		`call --json echo {"id":[12345678901234567890,NaN]}`: "{\"id\":[12345678901234567890,NaN]}\n",
	} {
		var got strings.Builder
		env := cli.NewEnv(nil, &got, io.Discard, b.env)
		env.Out.Terminal = true
		if code := cli.Execute(t.Context(), env, newRoot(env), strings.Fields(args)); code != cli.ExitOK || got.String() != want {
			t.Errorf("Execute(%s) = %d, %q; want %d, %q", args, code, got.String(), cli.ExitOK, want)
		}
	}
}
