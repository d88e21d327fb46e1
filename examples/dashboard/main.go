// Command dashboard serves a web page that shows and changes the example bot. It knows only
// package api of the bot, and reaches the bot only through package client. It may start
// before the bot or after it. While there is no bot, the page shows errors.
//
// It needs COGBUS_SECRET. With COGBUS_ADMIN_SECRET it can also reload cogs.
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
	addr := flag.String("addr", "127.0.0.1:8080", "address of the page; it must be a loopback address")
	bot := flag.String("bot", "ws://localhost:8765", "URL of the bot")
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
		// a client of its own, so that all other calls are made without the rights of an admin
		d.admin, err = client.New(target, &client.Options{Secret: adminSecret, Name: "dashboard, admin"})
		if err != nil {
			return err
		}
		defer d.admin.Close()
	}
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("%w; choose another port with -addr", err)
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
