//go:build python

package compat

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/cogbus/cogbus/wire"
)

// TestPythonPeers runs the Python packages themselves: their clients call our server, and
// their servers answer our client.
func TestPythonPeers(t *testing.T) {
	for _, p := range []struct{ name, variable string }{{"ipcx", "IPCX_DIR"}, {"ipc", "IPC_DIR"}} {
		t.Run(p.name, func(t *testing.T) {
			dir := os.Getenv(p.variable)
			if dir == "" {
				t.Skipf("%s is not set: it names a checkout of that package", p.variable)
			}
			dir, err := filepath.Abs(dir)
			if err != nil {
				t.Fatal(err)
			}
			py := python{variable: p.variable, dir: dir, once: p.name == "ipcx"}
			if out, err := exec.Command(interpreter, "-c", "import discord, aiohttp").CombinedOutput(); err != nil {
				t.Fatalf("%s has no discord.py or no aiohttp: %v\n%s", interpreter, err, out)
			}
			t.Run("client", py.calls)
			t.Run("server", py.answers)
		})
	}
}

const interpreter = "/usr/bin/python3"

// A python is one of the Python packages.
type python struct {
	variable, dir string
	once          bool // its client uses each connection for a single call
}

// command returns the command for one of our scripts that use the package.
func (p python) command(ctx context.Context, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, interpreter, append([]string{filepath.Join("testdata", "python", script)}, args...)...)
	cmd.Env = append(os.Environ(), "IPCX_DIR=", "IPC_DIR=", p.variable+"="+p.dir, "PEER_TIMEOUT=20")
	return cmd
}

// values are sent in both directions and must come back unchanged.
var values = []string{
	`1`, `-7`, `9007199254740993`, `1180591620717411303424`, `1.0`, `-0.0`, `1e-07`, `1e+16`, `0.3333333333333333`,
	`true`, `null`, `""`, `"caf\u00e9 \ud83d\ude00"`, `"a\ud800b"`, `"\u0000\u001f\u2028\"\\/<>&'"`, `[]`, `{}`,
	`[1, [2.0, null], {"b": {"a": []}}]`, `{"z": 1, "a": {"\u00e9": 1125899906842624123}}`, `NaN`, `Infinity`, `[-Infinity]`,
}

// calls runs the package's client with our server.
func (p python) calls(t *testing.T) {
	secret := "p\u00e4ssw\u00f6rd \U0001f511"
	b, err := startBot(&secret, fixture.cogs, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := b.stop(); err != nil {
			t.Errorf("Run = %v; want nil", err)
		}
	}()
	host, port, _ := net.SplitHostPort(b.addr())
	_, mport, _ := net.SplitHostPort(b.discover)

	var seq, wants []string
	add := func(endpoint, data, want string) {
		seq = append(seq, fmt.Sprintf("[%s, %s]", quote(endpoint), data))
		wants = append(wants, want)
	}
	add("plain", `{}`, `"plain"`)
	add("cog_tag", `{}`, `["Oracle", "first"]`)
	for _, v := range values {
		add("echo_value", fmt.Sprintf(`{"value": %s}`, v), v)
	}
	add("raise_key", `{}`, `{"error": "IPC route raised error of type KeyError", "code": 500}`)
	add("nowhere", `{}`, noEndpoint)
	add("ret_circular", `{}`, unserialisable)
	add("ret_object", `{}`, unserialisable)
	add("sleep", `{"seconds": 0.2}`, `{"seconds": 0.2}`)
	add("plain", `{}`, `"plain"`)
	for _, to := range []string{port, "-"} { // with the port, and by discovery
		cmd := p.command(t.Context(), "peer_client.py", host, to, mport, secret, "", "{}")
		cmd.Env = append(cmd.Env, "PEER_SEQ=["+strings.Join(seq, ", ")+"]")
		p.check(t, "port "+to, cmd, wants)
	}
	p.check(t, "a wrong secret", p.command(t.Context(), "peer_client.py", host, port, mport, "wrong", "plain", "{}"), []string{noToken})
	p.check(t, "no secret", p.command(t.Context(), "peer_client.py", host, port, mport, "@none", "plain", "{}"), []string{noToken})
	if p.once {
		cmd := p.command(t.Context(), "peer_client.py", host, "-", mport, secret, "sleep", `{"seconds": 0.1}`)
		cmd.Env = append(cmd.Env, "PEER_REPEAT=10", "PEER_GATHER=1", "PEER_NUMBER=n")
		var wants []string
		for i := range 10 {
			wants = append(wants, fmt.Sprintf(`{"seconds": 0.1, "n": %d}`, i))
		}
		p.check(t, "ten at once", cmd, wants)
	}
}

// check runs a client and compares the results of its calls.
func (p python) check(t *testing.T, what string, cmd *exec.Cmd, wants []string) {
	t.Helper()
	var log bytes.Buffer
	cmd.Stderr = &log
	out, err := cmd.Output()
	lines := bytes.Split(bytes.TrimSpace(out), []byte("\n"))
	if err != nil || len(lines) != len(wants) {
		t.Errorf("%s: the Python client ends with %v after %d calls; want %d values\n%s%s", what, err, len(lines), len(wants), out, &log)
		return
	}
	for i, want := range wants {
		n, err := parse(lines[i])
		if err != nil {
			t.Fatal(err)
		}
		if d := differText([]byte(n.get("ok").raw), want); d != "" {
			t.Errorf("%s, call %d: %s", what, i, d)
		}
	}
}

// answers runs the package's server with our client.
func (p python) answers(t *testing.T) {
	secret := "s3cret"
	var addr, discover string
	if err := freeAddresses(ownAddress(), &addr, &discover); err != nil {
		t.Fatal(err)
	}
	host, port, _ := net.SplitHostPort(addr)
	_, mport, _ := net.SplitHostPort(discover)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := p.command(ctx, "peer_server.py", host, port, mport, secret)
	var log bytes.Buffer // only shown after a failure, because asyncio always complains about cancelled calls
	cmd.Stderr = &log
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), `"listening"`) {
	}
	runs := make(chan int, 1)
	go func() { // ends with the process
		n := 0
		for lines.Scan() {
			if strings.Contains(lines.Text(), `"route": "counter"`) {
				n++
			}
		}
		runs <- n
	}()
	t.Run("ipcx", func(t *testing.T) { p.ask(t, "ipcx", addr, secret) })
	t.Run("discover", func(t *testing.T) { p.ask(t, "discover", discover, secret) })
	stdin.Close() // the end of its input ends the server
	if n := <-runs; n != 2 {
		t.Errorf("the route counter ran %d times; want 2, once for each call", n)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("the Python server ends with %v\n%s", err, &log)
	}
}

func (p python) ask(t *testing.T, scheme, addr, secret string) {
	c, err := newClient(scheme, addr, &secret)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	expect := func(endpoint string, data any, o outcome) {
		t.Helper()
		if err := call(c, endpoint, data, o); err != nil {
			t.Error(err)
		}
	}
	expect("plain", nil, plain)
	expect("counter", nil, outcome{value: map[string]string{"ipcx": "1", "discover": "2"}[scheme]})
	for _, v := range values {
		expect("echo_value", json.RawMessage(fmt.Sprintf(`{"value": %s}`, v)), outcome{value: v})
	}
	expect("ret_int_2p70", nil, outcome{value: "1180591620717411303424"})
	expect("ret_nan_nested", nil, outcome{value: `{"v": [NaN, Infinity]}`})
	expect("ret_big_4m_minus3", nil, outcome{value: quote(strings.Repeat("x", 4<<20-3))})
	expect("ret_big_5m", nil, outcome{code: wire.TooLarge})
	expect("raise_value", nil, value([]byte(`{"error": "IPC route raised error of type ValueError", "code": 500}`)))
	expect("nowhere", nil, value([]byte(noEndpoint)))
	expect("ret_object", nil, value([]byte(unserialisable)))
	expect("ret_circular", nil, interrupted) // the route has run and its server has closed, so the client must not send the call again
	if err := gather(c, "sleep", func(i int) string { return fmt.Sprintf(`{"seconds": 0.1, "n": %d}`, i) }); err != nil {
		t.Error(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), neverTime)
	defer cancel()
	if _, err := c.Request(ctx, "hang", nil); !errors.Is(err, context.DeadlineExceeded) || wire.CodeOf(err) != wire.Timeout {
		t.Errorf("hang = %v; want a timeout", err)
	}
	expect("plain", nil, plain)
	wrong := "wrong"
	w, err := newClient(scheme, addr, &wrong)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := call(w, "plain", nil, outcome{code: wire.Unauthorized}); err != nil {
		t.Error(err)
	}
}
