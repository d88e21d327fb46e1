package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/examples/api"
	"github.com/cogbus/cogbus/wire"
	"github.com/cogbus/cogbus/wire/admin"
)

const (
	actionTime = 5 * time.Second
	reloadTime = 45 * time.Second // a Setup may take 30 s, and the bot waits for running calls
)

func (d *dashboard) setSettings(w http.ResponseWriter, r *http.Request) {
	act(w, r, actionTime, func(ctx context.Context) (string, error) {
		guild, err := wire.ParseSnowflake(r.PostFormValue("guild"))
		if err != nil {
			return "", wire.Errorf(wire.BadRequest, "choose a guild")
		}
		s, err := client.Call(ctx, d.bot, api.SetSettings, api.Settings{
			Guild:   guild,
			Prefix:  r.PostFormValue("prefix"),
			Welcome: r.PostFormValue("welcome"),
		})
		return fmt.Sprintf("Saved. The prefix is %s now.", s.Prefix), err
	})
}

func (d *dashboard) setMode(w http.ResponseWriter, r *http.Request) {
	act(w, r, actionTime, func(ctx context.Context) (string, error) {
		m, err := client.Call(ctx, d.bot, api.SetMode, api.Mode{Mode: r.PostFormValue("mode")})
		return fmt.Sprintf("The cog flaky is in mode %q now.", m.Mode), err
	})
}

func (d *dashboard) reload(w http.ResponseWriter, r *http.Request) {
	act(w, r, reloadTime, func(ctx context.Context) (string, error) {
		if d.admin == nil {
			return "", wire.Errorf(wire.Forbidden, "the dashboard has no admin secret")
		}
		s, err := client.Call(ctx, d.admin, admin.Reload, admin.ReloadRequest{Name: r.PostFormValue("cog")})
		text := fmt.Sprintf("Reloaded %s: generation %d has replaced generation %d.", s.Cog, s.To, s.From)
		if s.Paused > 0 {
			text += fmt.Sprintf(" Calls waited for %.1f ms, %d of them were held.", s.Paused, s.Held)
		}
		if s.Note != "" {
			text += " Note: " + s.Note + "."
		}
		return text, err
	})
}

// act carries out the action of a form, and shows the page again with the outcome.
func act(w http.ResponseWriter, r *http.Request, within time.Duration, do func(ctx context.Context) (string, error)) {
	ctx, cancel := context.WithTimeout(r.Context(), within)
	defer cancel()
	n := notice{}
	var err error
	if n.Text, err = do(ctx); err != nil {
		p := problemOf(err)
		n = notice{Bad: true, Text: fmt.Sprintf("That did not work: %s (%s).", p.Message, p.Code)}
	}
	n.leave(w)
	http.Redirect(w, r, "/", http.StatusSeeOther)
}

// A notice is the outcome of an action. It reaches the next page in a cookie. In a URL,
// anybody could make a notice.
type notice struct {
	Bad  bool
	Text string
}

const noticeCookie = "notice"

func (n notice) leave(w http.ResponseWriter) {
	const longest = 1000 // a cookie has at most 4 KB
	if len(n.Text) > longest {
		n.Text = strings.ToValidUTF8(n.Text[:longest], "") + "…"
	}
	text, err := json.Marshal(n)
	if err != nil {
		return // cannot happen: a notice always encodes
	}
	setNotice(w, base64.RawURLEncoding.EncodeToString(text), 30)
}

// takeNotice returns the notice of the last action, and removes its cookie. It returns nil
// if there is none.
func takeNotice(w http.ResponseWriter, r *http.Request) *notice {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil {
		return nil
	}
	setNotice(w, "", -1)
	n := new(notice)
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || json.Unmarshal(text, n) != nil {
		return nil
	}
	return n
}

func setNotice(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     noticeCookie,
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		HttpOnly: true,
		SameSite: http.SameSiteStrictMode,
	})
}
