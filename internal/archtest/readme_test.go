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

// TestREADME compiles the programs of the README, as packages of this module
// that exist in an overlay alone.
func TestREADME(t *testing.T) {
	root, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	blocks := regexp.MustCompile("(?s)```go\n(package (\\w+)\n.*?)```").FindAllStringSubmatch(string(text), -1)
	if len(blocks) < 4 {
		t.Fatalf("README.md has %d programs; want the contract, a cog, a bot and a dashboard", len(blocks))
	}
	dir := t.TempDir()
	var replace, packages []string
	for i, b := range blocks {
		name := b[2]
		if name == "main" {
			name = fmt.Sprintf("main%d", i)
		}
		file := filepath.Join(dir, name+".go")
		if err := os.WriteFile(file, []byte(b[1]), 0o600); err != nil {
			t.Fatal(err)
		}
		replace = append(replace, fmt.Sprintf("%q: %q", filepath.Join(root, "examples", "readme", name, "x.go"), file))
		packages = append(packages, module+"/examples/readme/"+name)
	}
	overlay := filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(overlay, []byte(`{"Replace": {`+strings.Join(replace, ", ")+`}}`), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "go", append([]string{"build", "-overlay", overlay, "-o", os.DevNull}, packages...)...)
	cmd.Dir = root
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("the programs of README.md do not compile: %v\n%s", err, out)
	}
}
