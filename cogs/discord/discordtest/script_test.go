package discordtest

import (
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"
)

func TestJoinAndLeave(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := new(inbox)
		d.AddHandler(func(_ *discordgo.Session, e *discordgo.GuildMemberAdd) { in.add("+" + e.User.Username + e.GuildID) })
		d.AddHandler(func(_ *discordgo.Session, e *discordgo.GuildMemberRemove) { in.add("-" + e.User.Username + e.GuildID) })
		g := srv.Guild(0)
		zoe := srv.NewUser("zoe")
		for range 2 { // the second Join sends no event
			if err := srv.Join(g.ID, zoe); err != nil {
				t.Fatalf("Join() = %v; want nil", err)
			}
		}
		if m, err := d.GuildMember(g.ID, zoe); err != nil || m.User.Username != "zoe" {
			t.Errorf("GuildMember(zoe) = %v, %v; want zoe", m, err)
		}
		if got, want := srv.Guild(0).MemberCount, g.MemberCount+1; got != want {
			t.Errorf("MemberCount = %d; want %d", got, want)
		}
		if err := srv.Leave(g.ID, zoe); err != nil {
			t.Errorf("Leave() = %v; want nil", err)
		}
		_, err := d.GuildMember(g.ID, zoe)
		wantCode(t, "GuildMember(zoe) after Leave", err, discordgo.ErrCodeUnknownMember)
		if diff := cmp.Diff([]string{"+zoe" + g.ID, "-zoe" + g.ID}, in.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestMessageEvent(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		got := make(chan *discordgo.MessageCreate, 1)
		d.AddHandler(func(_ *discordgo.Session, e *discordgo.MessageCreate) { got <- e })
		g := srv.Guild(0)
		id, err := srv.Message(g.Channels[0].ID, g.Members[1].User.ID, "hello")
		if err != nil {
			t.Fatalf("Message() = %v; want nil", err)
		}
		m := <-got
		if m.ID != id || m.GuildID != g.ID || m.ChannelID != g.Channels[0].ID || m.Author.Username != "brian" || m.Content != "hello" {
			t.Errorf("MESSAGE_CREATE = %+v; want brian's hello", m.Message)
		}
		if diff := cmp.Diff(g.Members[1].Roles, m.Member.Roles); diff != "" || m.Member.User != nil {
			t.Errorf("member.user = %v; want nil; roles (-want +got):\n%s", m.Member.User, diff)
		}
	})
}

func TestScriptErrors(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		g := srv.Guild(0)
		stranger := srv.NewUser("stranger")
		_, noChannel := srv.Message("1", g.OwnerID, "x")
		_, noMember := srv.Message(g.Channels[0].ID, stranger, "x")
		for call, tt := range map[string]struct {
			err  error
			want string
		}{
			"Join(1, owner)":        {srv.Join("1", g.OwnerID), "Unknown Guild"},
			"Join(g, 1)":            {srv.Join(g.ID, "1"), "Unknown User"},
			"Join(g, x)":            {srv.Join(g.ID, "x"), "not snowflake"},
			"Leave(g, stranger)":    {srv.Leave(g.ID, stranger), "Unknown Member"},
			"Message(1, owner)":     {noChannel, "Unknown Channel"},
			"Message(c, stranger)":  {noMember, "Unknown Member"},
			"Dispatch(chan)":        {srv.Dispatch("X", make(chan int)), "dispatch X"},
			"Dispatch(number)":      {srv.Dispatch("X", 1), "dispatch X"},
			"Dispatch(bad guild)":   {srv.Dispatch("X", map[string]string{"guild_id": "?"}), "not snowflake"},
			"Dispatch(guild float)": {srv.Dispatch("X", map[string]any{"guild_id": 1e18}), "dispatch X"},
		} {
			if tt.err == nil || !strings.Contains(tt.err.Error(), tt.want) {
				t.Errorf("%s = %v; want %q", call, tt.err, tt.want)
			}
		}
	})
}

func TestDispatchInteraction(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		d.AddHandler(func(s *discordgo.Session, i *discordgo.InteractionCreate) {
			s.InteractionRespond(i.Interaction, &discordgo.InteractionResponse{
				Type: discordgo.InteractionResponseChannelMessageWithSource,
				Data: &discordgo.InteractionResponseData{Content: "pong " + i.ApplicationCommandData().Name},
			})
		})
		err := srv.Dispatch("INTERACTION_CREATE", map[string]any{
			"id": "7", "token": "tok", "type": discordgo.InteractionApplicationCommand,
			"guild_id": srv.Guild(0).ID, "data": map[string]any{"id": "8", "name": "ping", "type": 1},
		})
		if err != nil {
			t.Fatalf("Dispatch() = %v; want nil", err)
		}
		synctest.Wait()
		all := srv.Requests()
		last := all[len(all)-1]
		if last.String() != "POST /interactions/7/tok/callback 204" || !strings.Contains(string(last.Body), "pong ping") {
			t.Errorf("last request = %v %s; want the callback with pong ping", last, last.Body)
		}
	})
}

func TestIntents(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		g := srv.Guild(0)
		d := newSession(t, srv)
		d.Identify.Intents = discordgo.IntentGuilds | discordgo.IntentGuildMessages
		open(t, d)
		in := listen(d)
		d.State.RLock()
		if got := len(d.State.Guilds[0].Members); got != 1 {
			t.Errorf("without the presence intent, GUILD_CREATE lists %d members; want the bot alone", got)
		}
		me := d.State.User.ID
		d.State.RUnlock()
		if err := srv.Join(g.ID, srv.NewUser("zoe")); err != nil {
			t.Fatalf("Join() = %v; want nil", err)
		}
		for _, text := range []string{"secret", "hey <@" + me + ">"} {
			if _, err := srv.Message(g.Channels[0].ID, g.OwnerID, text); err != nil {
				t.Fatalf("Message() = %v; want nil", err)
			}
		}
		if diff := cmp.Diff([]string{"says ", "says hey <@" + me + ">"}, in.all()); diff != "" {
			t.Errorf("events with two intents (-want +got):\n%s", diff)
		}
		if got := intentOf("MESSAGE_REACTION_ADD", false); got != discordgo.IntentDirectMessageReactions {
			t.Errorf("intentOf(MESSAGE_REACTION_ADD, direct) = %b; want %b", got, discordgo.IntentDirectMessageReactions)
		}
	})
}

// TestListener runs outside a bubble, over a real socket.
func TestListener(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Skipf("no loopback: %v", err)
	}
	var log strings.Builder
	srv := New(&Options{Listener: l, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	defer srv.Close()
	d := newSession(t, srv)
	ready := make(chan string, 1)
	d.AddHandler(func(_ *discordgo.Session, r *discordgo.Ready) { ready <- r.User.Username })
	if err := d.Open(); err != nil {
		t.Fatalf("Open() = %v; want nil", err)
	}
	defer d.Close()
	if got := <-ready; got != "cogbot" {
		t.Errorf("READY for %q; want cogbot", got)
	}
	client := newSession(t, srv)
	client.Client.Transport = nil // use the real network to reach the fake's address
	if _, err := client.Request("GET", "http://"+l.Addr().String()+"/api/v9/users/@me", nil); err != nil {
		t.Errorf("GET /users/@me over TCP = %v; want nil", err)
	}
	if _, err := client.Request("GET", "http://"+l.Addr().String()+"/api/v9/nothing", nil); err == nil {
		t.Error("GET /nothing = nil; want 404")
	}
	if !strings.Contains(log.String(), "path=/nothing") {
		t.Errorf("log = %q; want path=/nothing", log.String())
	}
}

func TestConcurrentUse(t *testing.T) {
	bubble(t, &Options{Guilds: 4}, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		var wg sync.WaitGroup
		for i := range 4 {
			g := srv.Guild(i)
			wg.Go(func() {
				for range 50 {
					id := srv.NewUser("x")
					srv.Join(g.ID, id)
					srv.Message(g.Channels[0].ID, id, "hi")
					srv.Leave(g.ID, id)
					d.GuildMember(g.ID, g.OwnerID)
					srv.Guild(i)
				}
			})
		}
		wg.Wait()
		if got := len(in.all()); got != 600 {
			t.Errorf("%d events; want 600", got)
		}
		d.State.RLock()
		defer d.State.RUnlock()
		for i, g := range d.State.Guilds {
			if g.MemberCount != 6 {
				t.Errorf("guild %d has %d members in State; want 6", i, g.MemberCount)
			}
		}
	})
}
