package main

import (
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"

	"go.etcd.io/bbolt"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs/cogtest"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/examples/bot/flaky"
	"github.com/cogbus/cogbus/examples/bot/members"
	"github.com/cogbus/cogbus/examples/bot/settings"
	"github.com/cogbus/cogbus/examples/bot/stats"
)

// A site is the dashboard of a bot on a fake Discord.
type site struct {
	*testing.T
	fake    *discordtest.Server
	srv     *actors.Server
	down    atomic.Bool // the dashboard cannot reach the bot
	board   *dashboard
	cookies []*http.Cookie
}

// bubble runs f in a synctest bubble, with three guilds of six members.
func bubble(t *testing.T, f func(t *testing.T, s *site)) {
	t.Helper()
	db, err := bbolt.Open(filepath.Join(t.TempDir(), "settings.db"), 0o600, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	synctest.Test(t, func(t *testing.T) {
		s := &site{T: t, fake: discordtest.New(&discordtest.Options{Guilds: 3})}
		t.Cleanup(s.fake.Close)
		session, err := s.fake.Session()
		if err != nil {
			t.Fatal(err)
		}
		var admin *client.Client
		s.srv, admin = cogtest.Start(t, discord.With(session, members.Cog(), settings.Cog(db), stats.Cog(), flaky.Cog())...)
		if err := session.Open(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		t.Cleanup(func() {
			synctest.Wait()
			_ = session.Close()
		})
		bot, err := client.New("ws://bot", &client.Options{Secret: "secret", DialContext: s.dial})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = bot.Close() })
		s.board = newDashboard(bot)
		s.board.admin = admin
		f(t, s)
	})
}

func (s *site) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	if s.down.Load() {
		return nil, syscall.ECONNREFUSED
	}
	return s.srv.DialContext(ctx, network, addr)
}

// do sends a request as a browser does that shows the page.
func (s *site) do(r *http.Request) *httptest.ResponseRecorder {
	for _, c := range s.cookies {
		r.AddCookie(c)
	}
	w := httptest.NewRecorder()
	s.board.handler().ServeHTTP(w, r)
	s.cookies = nil
	for _, c := range w.Result().Cookies() {
		if c.MaxAge > 0 {
			s.cookies = append(s.cookies, c)
		}
	}
	return w
}

// get returns the page at path.
func (s *site) get(path string) string {
	s.Helper()
	w := s.do(httptest.NewRequest(http.MethodGet, "http://127.0.0.1:8080"+path, nil))
	if w.Code != http.StatusOK {
		s.Errorf("GET %s = %d; want 200", path, w.Code)
	}
	return w.Body.String()
}

// post sends a form and returns the page that follows.
func (s *site) post(path string, form url.Values) string {
	s.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://127.0.0.1:8080"+path, strings.NewReader(form.Encode()))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if w := s.do(r); w.Code != http.StatusSeeOther {
		s.Errorf("POST %s = %d; want 303", path, w.Code)
	}
	return s.get("/")
}

// shows fails the test if a page lacks a text.
func (s *site) shows(page string, texts ...string) {
	s.Helper()
	for _, text := range texts {
		if !strings.Contains(page, text) {
			s.Errorf("the page lacks %q:\n%s", text, page)
		}
	}
}
