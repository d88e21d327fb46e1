package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/cogbus/cogbus/client/loadtest"
	"github.com/cogbus/cogbus/cmd/cogbus/internal/cli"
)

func TestLoadInterrupted(t *testing.T) {
	for _, flags := range []string{"-c 2", "--rate 20", "-c 2 --json"} {
		b, stop := startBot(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.slow
			cancel()
		}()
		var stdout, stderr bytes.Buffer
		args := append(strings.Fields("load --route slow --grace 0"), strings.Fields(flags)...)
		got := run(ctx, args, nil, &stdout, &stderr, b.env)
		if want := "interrupted: the report covers the calls until now"; got != cli.ExitInterrupted || !strings.Contains(stderr.String(), want) {
			t.Errorf("run(%q) = %d, %q; want %d, %q", args, got, stderr.String(), cli.ExitInterrupted, want)
		}
		if !strings.Contains(stdout.String(), "interrupted") {
			t.Errorf("run(%q) prints %q; want a report that says so", args, stdout.String())
		}
		cancel()
		stop()
	}
}

// TestLoadInterrupted_waits checks that an interrupted run tells the user how long it
// waits for a bot that hangs.
func TestLoadInterrupted_waits(t *testing.T) {
	for flags, want := range map[string]string{
		"--grace 20ms":        "waiting up to 20ms for answers; Ctrl-C again ends now, without a report\ncogbus: interrupted: ",
		"--grace 20ms --json": `{"warning":"waiting up to 20ms for answers; Ctrl-C again ends now, without a report"}` + "\n{",
	} {
		b, stop := startBot(t)
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.slow
			cancel()
		}()
		var stderr bytes.Buffer
		args := append(strings.Fields("load --route slow"), strings.Fields(flags)...)
		if got := run(ctx, args, nil, io.Discard, &stderr, b.env); got != cli.ExitInterrupted || !strings.HasPrefix(stderr.String(), want) {
			t.Errorf("run(%q) = %d, %q; want %d, %q", args, got, stderr.String(), cli.ExitInterrupted, want)
		}
		cancel()
		stop()
	}
}

// TestLoadInterrupted_search interrupts a search during its first try.
func TestLoadInterrupted_search(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		<-b.slow
		cancel()
	}()
	var stderr bytes.Buffer
	got := run(ctx, []string{"load", "--route", "slow", "--find-max", "err<1%", "--grace", "0"}, nil, io.Discard, &stderr, b.env)
	if want := "cogbus: the search was interrupted\n"; got != cli.ExitInterrupted || stderr.String() != want {
		t.Errorf("run(load --find-max) = %d, %q; want %d, %q", got, stderr.String(), cli.ExitInterrupted, want)
	}
}

// TestLoadFindMax cannot know which rates this machine can handle now. It checks that the
// parts of the output agree with each other.
func TestLoadFindMax(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), strings.Fields("load --route echo --find-max err<1% --max-rate 200 -d 100ms --json"), nil, &stdout, &stderr, b.env)
	var f loadtest.Found
	if err := json.Unmarshal(stdout.Bytes(), &f); err != nil {
		t.Fatalf("run(load --find-max) prints %q: %v", stdout.String(), err)
	}
	want := cli.ExitOK
	if f.Rate == 0 {
		want = cli.ExitAssertion
	}
	if code != want || f.Version != loadtest.ReportVersion || len(f.Tries) == 0 || f.Limit == "" {
		t.Errorf("run(load --find-max) = %d, %q, %+v; want %d and all of it", code, stderr.String(), f, want)
	}
	if f.Rate > 0 && (f.Report == nil || f.Report.Load.Rate != f.Rate || !strings.HasPrefix(f.Report.Machine.Command, "cogbus ")) {
		t.Errorf("run(load --find-max) has report %+v; want that of %g calls/s", f.Report, f.Rate)
	}
}

// TestLoadFindMax_none checks that a search without success prints a line for each try.
func TestLoadFindMax_none(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	var stdout, stderr bytes.Buffer
	got := run(t.Context(), strings.Fields("load --route echo --find-max rps>1000000 -d 50ms --rate 4"), nil, &stdout, &stderr, b.env)
	if want := "cogbus: no rate holds: "; got != cli.ExitAssertion || !strings.HasPrefix(stderr.String(), want) {
		t.Errorf("run(load --find-max) = %d, %q; want %d, %q", got, stderr.String(), cli.ExitAssertion, want)
	}
	if want := "         4 calls/s  no     rps>1000000: "; !strings.HasPrefix(stdout.String(), want) || !strings.Contains(stdout.String(), "\n         2 calls/s  no ") {
		t.Errorf("run(load --find-max) prints %q; want %q and the next tries", stdout.String(), want)
	}
}

// TestLoadProm reads the figures for Prometheus while the load test runs.
func TestLoadProm(t *testing.T) {
	b, stop := startBot(t)
	defer stop()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	said := &listener{news: make(chan struct{}, 1)}
	ended := make(chan int, 1)
	go func() {
		ended <- run(ctx, strings.Fields("load --route slow --grace 0 --prom 127.0.0.1:0"), nil, io.Discard, said, b.env)
	}()
	<-b.slow
	said.mu.Lock()
	url := strings.TrimSpace(strings.TrimPrefix(said.text.String(), "figures for Prometheus are at "))
	said.mu.Unlock()
	resp, err := http.Get(url)
	if err != nil {
		t.Fatalf("get the figures at %q: %v", url, err)
	}
	body, _ := io.ReadAll(resp.Body)
	resp.Body.Close()
	if want := `cogbus_load_calls_total{outcome="sent"} `; resp.StatusCode != http.StatusOK || !strings.Contains(string(body), want) {
		t.Errorf("%s has %d, %q; want %q", url, resp.StatusCode, body, want)
	}
	cancel()
	if got := <-ended; got != cli.ExitInterrupted {
		t.Errorf("run(load --prom) = %d; want %d", got, cli.ExitInterrupted)
	}
	if resp, err := http.Get(url); err == nil {
		resp.Body.Close()
		t.Errorf("%s answers after the run", url)
	}
}
