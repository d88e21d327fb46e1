package main

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func TestPageShowsTheBot(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		page := s.get("/")
		s.shows(page, "The bot is here.", "<dt>members</dt><dd>18</dd>", "Cobalt Library", "<strong>settings</strong>", "It has worked 1 times.")
		if err := s.fake.Join(s.fake.Guild(2).ID, s.fake.NewUser("grace")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		s.shows(s.get("/panel/stats"), "1 people came, 0 went.")
		s.shows(s.get("/panel/guilds"), "<dt>members</dt><dd>19</dd>", `<dd class="up">+1</dd>`)
	})
}

func TestSettingsChange(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		guild := s.fake.Guild(1).ID
		page := s.post("/settings", url.Values{"guild": {guild}, "prefix": {"?"}, "welcome": {"<b>hello</b>"}})
		s.shows(page, `<p class="notice good" role="status">Saved. The prefix is ? now.</p>`,
			`<th scope="row">Birch Arcade</th><td><code>?</code></td><td>&lt;b&gt;hello&lt;/b&gt;</td>`,
			`data-prefix="?" data-welcome="&lt;b&gt;hello&lt;/b&gt;"`)
		if strings.Contains(s.get("/"), `class="notice`) {
			t.Errorf("the notice is shown twice")
		}
		page = s.post("/settings", url.Values{"guild": {guild}, "prefix": {"too long"}})
		s.shows(page, `role="alert"`, "a prefix has 1 to 5 characters and no spaces (bad_request)", "<code>?</code>")
		page = s.post("/settings", url.Values{"guild": {"x"}, "prefix": {"!"}})
		s.shows(page, "choose a guild")
	})
}

func TestAPanelFailsAlone(t *testing.T) {
	working := []string{"The bot is here.", "<dt>members</dt><dd>18</dd>", `<select id="guild"`, `<span class="state serving">`}
	for mode, want := range map[string]string{
		"error": "<strong>out_of_coffee</strong> <span>no work without coffee; try again in 1m0s</span>",
		"panic": "<strong>internal</strong>",
		"slow":  "<strong>timeout</strong>",
	} {
		t.Run(mode, func(t *testing.T) {
			bubble(t, func(t *testing.T, s *site) {
				page := s.post("/mode", url.Values{"mode": {mode}})
				s.shows(page, append(working, want)...)
				began := time.Now()
				s.shows(s.get("/panel/guilds"), "18")
				if took := time.Since(began); took > 10*time.Millisecond {
					t.Errorf("GET /panel/guilds took %v; want no wait", took)
				}
				s.shows(s.post("/mode", url.Values{"mode": {"fine"}}), "It has worked 1 times.")
			})
		})
	}
}

func TestReload(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		s.shows(s.get("/"), `<button id="reload-members" name="cog" value="members" aria-label="Reload members">`)
		page := s.post("/reload", url.Values{"cog": {"members"}})
		s.shows(page, "Reloaded members: generation 2 has replaced generation 1.")
		s.shows(s.get("/panel/cogs"), "generation 2")
		s.shows(s.post("/reload", url.Values{"cog": {"nobody"}}), "That did not work", "(not_found)")

		s.board.admin = nil
		s.shows(s.post("/reload", url.Values{"cog": {"members"}}), "(forbidden)", "Without the admin secret")
		if page := s.get("/"); strings.Contains(page, "reload-members") {
			t.Errorf("there is a button to reload without an admin secret")
		}
	})
}

func TestOthersAreKeptOut(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		for _, test := range []struct {
			name          string
			method, url   string
			header, value string
			want          int
		}{
			{"a form of another site", "POST", "http://127.0.0.1:8080/mode", "Sec-Fetch-Site", "cross-site", http.StatusForbidden},
			{"the same in an old browser", "POST", "http://127.0.0.1:8080/mode", "Origin", "http://evil.example", http.StatusForbidden},
			{"another port of this machine", "POST", "http://127.0.0.1:8080/mode", "Sec-Fetch-Site", "same-site", http.StatusForbidden},
			{"a name that resolves to this machine", "GET", "http://evil.example:8080/", "", "", http.StatusMisdirectedRequest},
			{"a template", "GET", "http://localhost:8080/web/page.html", "", "", http.StatusNotFound},
			{"no panel", "GET", "http://[::1]:8080/panel/x", "", "", http.StatusNotFound},
			{"the style", "GET", "http://[::1]:8080/web/style.css", "", "", http.StatusOK},
		} {
			r := httptest.NewRequest(test.method, test.url, strings.NewReader("mode=error"))
			r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
			if test.header != "" {
				r.Header.Set(test.header, test.value)
			}
			if w := s.do(r); w.Code != test.want {
				t.Errorf("%s: %s %s = %d; want %d", test.name, test.method, test.url, w.Code, test.want)
			}
		}
		s.shows(s.get("/"), "It has worked 1 times.")
	})
}

func TestTheBotIsAwayAndComesBack(t *testing.T) {
	bubble(t, func(t *testing.T, s *site) {
		s.down.Store(true)
		s.shows(s.get("/"), "The bot is away.", "is the bot running?")
		s.down.Store(false)
		time.Sleep(10 * time.Second)
		s.shows(s.get("/"), "The bot is here.", "<dt>members</dt><dd>18</dd>")
		s.down.Store(true)
		if err := s.srv.Close(); err != nil {
			t.Fatal(err)
		}
		s.shows(s.get("/"), "The bot is away.")
		s.shows(s.post("/mode", url.Values{"mode": {"fine"}}), "That did not work", "(unavailable)")
	})
}
