//go:build unix

package process_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/frames"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// The routes of the cog that most tests run.
const (
	echo     wire.Route[string, string]         = "any.echo"
	next     wire.Route[wire.Empty, int]        = "any.next"
	info     wire.Route[wire.Empty, about]      = "any.info"
	keyError wire.Route[wire.Empty, wire.Empty] = "any.keyerror"
	fails    wire.Route[string, wire.Empty]     = "any.fails"
	ends     wire.Route[string, wire.Empty]     = "any.ends"
	wait     wire.Route[int, string]            = "any.wait"
	nested   wire.Route[string, string]         = "any.nested"
	again    wire.Route[int, int]               = "any.again"
	slowNext wire.Route[int, int]               = "any.slownext"
	wrote    wire.Route[int, wire.Empty]        = "any.wrote"
	hosted   wire.Route[string, string]         = "any.hosted"
	spawn    wire.Route[wire.Empty, int]        = "any.spawn"
	getenv   wire.Route[string, string]         = "any.getenv"
	seen     wire.Route[wire.Empty, []string]   = "any.seen"
)

type about struct {
	Cog, Endpoint, Caller, Client, Dialect string
	Generation                             uint64
	Admin, Deadline                        bool
	PID                                    int
	Reason                                 cogs.Reason // the reason of the Setup
}

// KeyError is an error type with a name that Python callers know.
type KeyError struct{}

func (KeyError) Error() string { return "the text is for the log" }

func anyCog() cogs.Cog {
	return cogs.Cog{Name: "another name", Timeout: 20 * time.Second, Setup: setUpAny}
}

func serialCog() cogs.Cog { return cogs.Cog{Name: "serial", Serial: true, Setup: setUpAny} }

func refusingCog() cogs.Cog {
	return cogs.Cog{Name: "refuses", Setup: func(context.Context, *cogs.Registrar) error {
		if os.Getenv("HOW") == "panic" {
			panic("no table")
		}
		return errors.New("no database")
	}}
}

func wrongCog() cogs.Cog {
	return cogs.Cog{Name: "wrong", Setup: func(_ context.Context, r *cogs.Registrar) error {
		n := ""
		cogs.Keep(r, "n", &n)
		return nil
	}}
}

func hangingCog() cogs.Cog {
	return cogs.Cog{Name: "hangs", Setup: func(ctx context.Context, r *cogs.Registrar) error {
		r.Cleanup(func() { select {} })
		return setUpAny(ctx, r)
	}}
}

func tickingCog() cogs.Cog {
	return cogs.Cog{Name: "ticks", Serial: true, Setup: func(_ context.Context, r *cogs.Registrar) error {
		n, broken := 0, false
		cogs.Keep(r, "n", &n)
		cogs.Handle(r, "ticks.count", func(context.Context, wire.Empty) (int, error) { return n, nil })
		cogs.Handle(r, "ticks.break", func(context.Context, wire.Empty) (wire.Empty, error) {
			broken = true
			return wire.Empty{}, nil
		})
		r.Every(5*time.Millisecond, func(context.Context) error {
			if broken {
				return errors.New("the tick is broken")
			}
			n++
			return nil
		})
		return nil
	}}
}

func taskCog() cogs.Cog {
	return cogs.Cog{Name: "task", Setup: func(_ context.Context, r *cogs.Registrar) error {
		r.Go(func(context.Context) error { return errors.New("the task has failed") })
		return nil
	}}
}

// untidyCog returns a cog with a task that fails while another task still runs.
func untidyCog() cogs.Cog {
	return cogs.Cog{Name: "untidy", Setup: func(_ context.Context, r *cogs.Registrar) error {
		var clean atomic.Bool
		r.Cleanup(func() { clean.Store(true) })
		r.Go(func(ctx context.Context) error {
			<-ctx.Done()
			time.Sleep(50 * time.Millisecond) // in a process of its own
			fmt.Println("the other task ends, clean:", clean.Load())
			return nil
		})
		r.Go(func(context.Context) error { return errors.New("the task has failed") })
		return nil
	}}
}

func setUpAny(_ context.Context, r *cogs.Registrar) error {
	n := 0
	var events []string
	cogs.Keep(r, "n", &n)
	cogs.Handle(r, echo, func(_ context.Context, s string) (string, error) { return s, nil })
	cogs.Handle(r, next, func(context.Context, wire.Empty) (int, error) { n++; return n, nil })
	cogs.Handle(r, slowNext, func(_ context.Context, ms int) (int, error) {
		before := n
		time.Sleep(time.Duration(ms) * time.Millisecond) // in a process of its own
		n = before + 1
		return n, nil
	})
	ledger, _ := os.OpenFile(os.Getenv("LEDGER"), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	cogs.Handle(r, wrote, func(_ context.Context, number int) (wire.Empty, error) {
		_, err := fmt.Fprintln(ledger, number)
		return wire.Empty{}, err
	})
	reason := r.Reason()
	cogs.Handle(r, info, func(ctx context.Context, _ wire.Empty) (about, error) {
		i := cogs.CallInfo(ctx)
		return about{i.Cog, i.Endpoint, i.Caller, i.Client, i.Dialect, i.Generation, i.Admin, !i.Deadline.IsZero(), os.Getpid(), reason}, nil
	})
	cogs.Handle(r, fails, func(_ context.Context, how string) (wire.Empty, error) {
		switch how {
		case "panic":
			panic("boom")
		case "foreign":
			return wire.Empty{}, fmt.Errorf("wrapped: %w", KeyError{})
		}
		return wire.Empty{}, &wire.Error{Code: "no_money", Message: "none", RetryAfter: 3 * time.Second}
	})
	cogs.Handle(r, keyError, func(context.Context, wire.Empty) (wire.Empty, error) {
		return wire.Empty{}, fmt.Errorf("wrapped: %w", KeyError{})
	})
	cogs.Handle(r, ends, func(ctx context.Context, how string) (wire.Empty, error) { return wire.Empty{}, end(ctx, how) })
	cogs.Handle(r, getenv, func(_ context.Context, name string) (string, error) { return os.Getenv(name), nil })
	cogs.Handle(r, spawn, func(context.Context, wire.Empty) (int, error) {
		cmd := exec.Command("sleep", "600")
		err := cmd.Start()
		return cmd.Process.Pid, err
	})
	cogs.Handle(r, wait, func(ctx context.Context, ms int) (string, error) {
		select {
		case <-ctx.Done():
			return "", ctx.Err()
		case <-time.After(time.Duration(ms) * time.Millisecond):
			return "waited", nil
		}
	})
	cogs.Handle(r, nested, func(ctx context.Context, s string) (string, error) {
		return cogs.Call(ctx, wire.Route[string, string]("other.hello"), s)
	})
	cogs.Handle(r, again, func(ctx context.Context, depth int) (int, error) {
		if depth == 0 {
			return 1, nil
		}
		sum, err := cogs.Call(ctx, again, depth-1)
		return sum + 1, err
	})
	if host := (*instance.Recorder)(r).Host(); host != nil {
		cogs.Handle(r, hosted, func(ctx context.Context, name string) (string, error) {
			out, err := host.Call(ctx, name, []byte(`"question"`))
			return string(out), err
		})
		(*instance.Recorder)(r).Listen(host, "JOIN", func([]byte) string { return "" }, func(_ context.Context, data []byte) error {
			events = append(events, string(data))
			return nil
		})
	}
	cogs.Handle(r, seen, func(context.Context, wire.Empty) ([]string, error) { return events, nil })
	cogs.Keep(r, "events", &events)
	return nil
}

// end ends the process, or makes it unusable, in the way that how names.
func end(ctx context.Context, how string) error {
	switch how {
	case "exit":
		fmt.Fprintln(os.Stderr, "out of luck")
		os.Exit(3)
	case "goroutine":
		go func() { panic("nobody recovers this") }()
		<-ctx.Done()
	case "kill":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "spin":
		for {
			runtime.Gosched()
		}
	case "memory":
		var all [][]byte
		for {
			all = append(all, make([]byte, 16<<20))
			for i := 0; i < len(all[len(all)-1]); i += 4096 {
				all[len(all)-1][i] = 1
			}
		}
	case "garbage":
		_, _ = syscall.Write(socket(), []byte("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"))
		<-ctx.Done()
	case "close":
		_ = syscall.Shutdown(socket(), syscall.SHUT_RDWR)
		<-ctx.Done()
	}
	return nil
}

// socket returns the descriptor of the connection to the bot.
func socket() int {
	for fd := 3; ; fd++ {
		if _, err := syscall.Getpeername(fd); err == nil {
			return fd
		}
	}
}

func answerSetup(bot *os.File, offer string) {
	var f frames.Frame
	_ = frames.NewReader(bot).Read(&f)
	f = frames.Frame{Kind: frames.Reply, ID: f.ID, Body: []byte(offer)}
	_, _ = bot.Write(f.Append(nil))
	time.Sleep(time.Minute)
}

// misbehaving has programs that are no cogs. Each gets the connection to the bot.
var misbehaving = map[string]func(bot *os.File){
	"exits":  func(*os.File) { fmt.Fprintln(os.Stderr, "no configuration") },
	"leaves": func(*os.File) { os.Exit(0) },
	"sleeps": func(*os.File) { time.Sleep(time.Minute) }, // in a process of its own
	"talks": func(bot *os.File) {
		_, _ = bot.WriteString("Hello, I am the cog of this bot, nice to meet you!\n")
		time.Sleep(time.Minute)
	},
	"differs":        func(bot *os.File) { answerSetup(bot, `{"abi":99}`) },
	"offers nothing": func(bot *os.File) { answerSetup(bot, `[]`) },
	"boasts": func(bot *os.File) {
		_, _ = bot.Write([]byte{0xff, 0xff, 0xff, 0xff})
		time.Sleep(time.Minute)
	},
}
