// Command dashboard is a web page that shows the example bot, and changes it. It
// knows of the bot what package api says, and reaches it by package client
// alone; it starts before the bot, after it and without it.
//
// It needs COGBUS_SECRET. With COGBUS_ADMIN_SECRET it can reload cogs too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/cogbus/cogbus/client"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // the second signal ends the process at once
	addr := flag.String("addr", "127.0.0.1:8080", "where to serve the page: a loopback address")
	bot := flag.String("bot", "ws://localhost:8765", "where the bot is")
	flag.Parse()
	if err := run(ctx, *addr, *bot, os.Getenv("COGBUS_SECRET"), os.Getenv("COGBUS_ADMIN_SECRET")); err != nil {
		fmt.Fprintln(os.Stderr, "dashboard:", err)
		os.Exit(1)
	}
}

// run serves the page until ctx is done.
func run(ctx context.Context, addr, target, secret, adminSecret string) error {
	bot, err := client.New(target, &client.Options{Secret: secret, Name: "dashboard"})
	if err != nil {
		return err
	}
	defer bot.Close()
	d := newDashboard(bot)
	if adminSecret != "" {
		// a connection of its own: the everyday one has no more rights than it needs
		d.admin, err = client.New(target, &client.Options{Secret: adminSecret, Name: "dashboard, admin"})
		if err != nil {
			return err
		}
		defer d.admin.Close()
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w: choose another port with -addr", err)
	}
	if err != nil {
		return err
	}
	slog.Info("the dashboard is ready", "url", "http://"+listener.Addr().String()+"/")
	srv := &http.Server{Handler: d.handler(), ReadHeaderTimeout: 5 * time.Second, IdleTimeout: time.Minute}
	stopped := make(chan struct{})
	go func() { // run waits for it
		defer close(stopped)
		<-ctx.Done()
		grace, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		if srv.Shutdown(grace) != nil {
			_ = srv.Close()
		}
	}()
	if err := srv.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	<-stopped
	return nil
}
