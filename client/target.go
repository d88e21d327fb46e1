package client

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
)

// A target is the address of a bot and the dialect of its connections.
type target struct {
	text   string // for messages
	scheme string
	host   string // without port; empty for unix
	port   string
	path   string // of the socket, or of the URL
}

const targetExamples = "want for example ws://localhost:8765, ws://[::1]:8765, wss://bot.example.com, " +
	"unix:///run/bot.sock, ipcx://localhost:8765 or discover://localhost"

// parseTarget does not quote text that may hold a password.
func parseTarget(text string) (target, error) {
	u, err := url.Parse(text)
	if err != nil {
		if e, ok := errors.AsType[*url.Error](err); ok {
			err = e.Err // the rest is the text
		}
		return target{}, fmt.Errorf("client: target: %w: %s", err, targetExamples)
	}
	if u.User != nil {
		return target{}, errors.New("client: target: no user and password there: the secret goes into Options.Secret")
	}
	t := target{text: text, scheme: u.Scheme, host: u.Hostname(), port: u.Port(), path: u.Path}
	port := ""
	switch u.Scheme {
	case "ws", "ipcx":
		port = "8765"
	case "wss":
		port = "443"
	case "discover":
		port = "20000"
	case "unix":
		if u.Host != "" || len(u.Path) < 2 {
			return target{}, fmt.Errorf("client: target %q: a socket has three slashes and a full path: unix:///run/bot.sock", text)
		}
	default:
		return target{}, fmt.Errorf("client: target %q: the scheme is unknown: %s", text, targetExamples)
	}
	switch {
	case u.Opaque != "" || u.RawQuery != "" || u.Fragment != "":
		return target{}, fmt.Errorf("client: target %q: there is too much in it: %s", text, targetExamples)
	case strings.Contains(t.host, ":") && u.Host[0] != '[':
		return target{}, fmt.Errorf("client: target %q: an IPv6 address needs brackets: %s", text, targetExamples)
	case t.speaksIPCX() && strings.Trim(u.Path, "/") != "":
		return target{}, fmt.Errorf("client: target %q: the Python package's servers have no paths", text)
	case t.scheme == "unix":
		return t, nil
	}
	if t.host == "" {
		t.host = "localhost"
	}
	if t.port == "" {
		t.port = port
	}
	if n, err := strconv.Atoi(t.port); err != nil || n < 1 || n > 65535 {
		return target{}, fmt.Errorf("client: target %q: a port is a number from 1 to 65535", text)
	}
	return t, nil
}

func (t target) speaksIPCX() bool { return t.scheme == "ipcx" || t.scheme == "discover" }

// mayCarry refuses to send a secret in clear over a network.
func (t target) mayCarry(o *Options) error {
	if !t.speaksIPCX() || o.Secret == "" || o.AllowCleartextSecret || isLoopback(t.host) {
		return nil
	}
	return fmt.Errorf("client: target %q: this protocol sends the secret in clear, and %s is another host: "+
		"use wss, a tunnel to localhost, or set Options.AllowCleartextSecret", t.text, t.host)
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return strings.EqualFold(host, "localhost") || err == nil && addr.Unmap().IsLoopback()
}

// at returns the target with another port.
func (t target) at(port int) target {
	t.port = strconv.Itoa(port)
	return t
}

// url returns the URL of the WebSocket.
func (t target) url() string {
	u := url.URL{Scheme: "ws", Host: net.JoinHostPort(t.host, t.port), Path: t.path}
	switch t.scheme {
	case "wss":
		u.Scheme = "wss"
	case "unix":
		u.Host, u.Path = "localhost", "/"
	}
	if u.Path == "" {
		u.Path = "/"
	}
	return u.String()
}

// where returns the address for messages.
func (t target) where() string {
	if t.scheme == "unix" {
		return t.text
	}
	return t.scheme + "://" + net.JoinHostPort(t.host, t.port) + strings.TrimSuffix(t.path, "/")
}
