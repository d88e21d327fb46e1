package actors_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/wire/protocol"
)

// A logbook keeps the log of all levels.
type logbook struct {
	mu   sync.Mutex // protects text
	text bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func (l *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}

func optionsWith(l *logbook) *actors.Options { return &actors.Options{Logger: l.logger()} }

// TestLog_hasNoSecrets lets everything fail that can, with secrets and data in every
// place, and looks for them in the log, the errors and the answers.
func TestLog_hasNoSecrets(t *testing.T) {
	const data = "launch code 4711"
	synctest.Test(t, func(t *testing.T) {
		log := &logbook{}
		var failures strings.Builder
		var mu sync.Mutex
		srv := newServer(t, &actors.Options{Logger: log.logger(), OnError: func(f actors.Failure) {
			mu.Lock()
			defer mu.Unlock()
			fmt.Fprintf(&failures, "%s %s %s %v\n", f.Endpoint, f.Caller, f.Code, f.Err)
		}})
		p := dialPeer(t, srv, "ipcx")
		var answers strings.Builder
		for _, text := range []string{
			envelope("nothing", fmt.Sprintf(`{"a":%q}`, data)),
			envelope("person", fmt.Sprintf(`{"name":%q,"age":%q}`, data, data)),
			envelope("person", `{"age":4711}`),
			envelope("nan", fmt.Sprintf(`{"a":%q}`, data)),
			envelope("large", fmt.Sprintf(`{"a":%q}`, data)),
			envelope("echo", fmt.Sprintf(`[%q]`, data)),
			envelope("echo", fmt.Sprintf(`{"a":%q`, data)),
			strings.Replace(envelope("echo", "{}"), secret, secret+" ", 1),
			fmt.Sprintf(`{"endpoint":"echo","headers":{"Authorization":[%q,%q]}}`, secret, adminSecret),
			secret, adminSecret, data,
			fmt.Sprintf("%q", secret),
		} {
			answers.WriteString(p.ask(text))
		}
		q := dialPeer(t, srv, protocol.Subprotocol)
		for _, text := range []string{
			fmt.Sprintf(`{"hello":%q}`, secret), fmt.Sprintf(`{"hello":{"v":[1],"nonce":%q}}`, secret),
			fmt.Sprintf(`{"id":1,"call":%q}`, data), secret,
		} {
			answers.WriteString(q.ask(text))
		}
		answers.WriteString(q.prove(secret+"!", protocol.NewNonce()))
		q.leave()
		q = dialPeer(t, srv, protocol.Subprotocol)
		q.shakeHands(secret)
		for _, text := range []string{
			fmt.Sprintf(`{"id":1,"call":"person","data":{"name":%q,"age":4711}}`, data),
			fmt.Sprintf(`{"id":1,"call":"echo","data":%q`, data),
			fmt.Sprintf(`{"id":1,"call":"sleep","ms":1,"data":{"s":9,"x":%q}}`, data),
			fmt.Sprintf(`{"id":%q,"call":"echo","data":%q}`, data, data),
		} {
			answers.WriteString(q.ask(text))
		}
		time.Sleep(time.Minute)
		p.leave()
		q.leave()
		if err := srv.Close(); err != nil {
			t.Errorf("Close = %v; want nil", err)
		}
		for what, text := range map[string]string{"log": log.String(), "errors": failures.String(), "answers": answers.String()} {
			for _, s := range []string{secret, adminSecret} {
				if strings.Contains(text, s) {
					t.Errorf("the %s say %q:\n%s", what, s, text)
				}
			}
			if what == "log" && (strings.Contains(text, "launch") || strings.Contains(text, "4711")) {
				t.Errorf("the log says what was in a request:\n%s", text)
			}
			if len(text) < 500 {
				t.Errorf("the %s are %q; want something to read", what, text)
			}
		}
	})
}
