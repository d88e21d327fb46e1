package archtest

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestREADME builds the programs of the README in a module of their own, as a
// reader would, and runs its cog.
func TestREADME(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text := read(t, root, "README.md")
	blocks := regexp.MustCompile("(?s)```go\n(package (\\w+)\n.*?)```").FindAllStringSubmatch(text, -1)
	if len(blocks) < 4 {
		t.Fatalf("README.md has %d programs; want the contract, a cog, a bot and a dashboard", len(blocks))
	}
	dir := t.TempDir()
	for i, b := range blocks {
		name := b[2]
		if name == "main" {
			name = fmt.Sprintf("main%d", i)
		}
		write(t, b[1], dir, name, name+".go")
	}
	write(t, text, dir, "README.md")
	write(t, read(t, "testdata", "members_test.go"), dir, "members", "members_test.go")
	// the versions of this module, so that nothing has to be fetched
	mod := strings.Replace(read(t, root, "go.mod"), "module "+module, "module example.com/mybot", 1)
	mod += fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %[1]s => %q\n", module, root)
	write(t, mod, dir, "go.mod")
	write(t, read(t, root, "go.sum"), dir, "go.sum")

	for _, args := range [][]string{{"vet", "./..."}, {"test", "./members"}} {
		cmd := exec.CommandContext(t.Context(), "go", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOPROXY=off", "GOWORK=off")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("go %s of the programs of README.md: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
}

func read(t *testing.T, path ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(path...))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func write(t *testing.T, text string, path ...string) {
	t.Helper()
	file := filepath.Join(path...)
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
