package discordtest

import (
	"testing"

	"github.com/bwmarrin/discordgo"
	"github.com/google/go-cmp/cmp"
)

func TestMessages(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		open(t, d)
		in := listen(d)
		ch := srv.Guild(0).Channels[1].ID
		var ids []string
		for _, text := range []string{"one", "two", "three"} {
			m, err := d.ChannelMessageSend(ch, text)
			if err != nil {
				t.Fatalf("ChannelMessageSend(%s) = %v; want nil", text, err)
			}
			ids = append(ids, m.ID)
		}
		contents := func(all []*discordgo.Message, err error) []string {
			if err != nil {
				t.Errorf("ChannelMessages() = %v; want nil", err)
			}
			texts := []string{}
			for _, m := range all {
				texts = append(texts, m.Content)
			}
			return texts
		}
		got := [][]string{
			contents(d.ChannelMessages(ch, 2, "", "", "")),
			contents(d.ChannelMessages(ch, 1, ids[2], "", "")),
			contents(d.ChannelMessages(ch, 1, "", ids[0], "")),
			contents(d.ChannelMessages(ch, 1, ids[0], "", "")),
		}
		if diff := cmp.Diff([][]string{{"three", "two"}, {"two"}, {"two"}, {}}, got); diff != "" {
			t.Errorf("ChannelMessages: newest, before, after, before all (-want +got):\n%s", diff)
		}
		if m, err := d.ChannelMessageEdit(ch, ids[0], "uno"); err != nil || m.Content != "uno" || m.EditedTimestamp == nil {
			t.Errorf("ChannelMessageEdit() = %+v, %v; want uno, edited", m, err)
		}
		if err := d.ChannelMessageDelete(ch, ids[1]); err != nil {
			t.Errorf("ChannelMessageDelete() = %v; want nil", err)
		}
		if m, err := d.ChannelMessage(ch, ids[0]); err != nil || m.Content != "uno" {
			t.Errorf("ChannelMessage() = %+v, %v; want uno", m, err)
		}
		if m, err := d.ChannelMessageSendEmbed(ch, &discordgo.MessageEmbed{Title: "T"}); err != nil || m.Embeds[0].Title != "T" {
			t.Errorf("ChannelMessageSendEmbed() = %+v, %v; want the embed", m, err)
		}
		if err := d.ChannelTyping(ch); err != nil {
			t.Errorf("ChannelTyping() = %v; want nil", err)
		}
		_, err := d.ChannelMessageSend(ch, "")
		wantCode(t, "ChannelMessageSend of nothing", err, discordgo.ErrCodeCannotSendEmptyMessage)
		want := []string{"says one", "says two", "says three", "MESSAGE_UPDATE", "MESSAGE_DELETE", "says ", "TYPING_START"}
		if diff := cmp.Diff(want, in.all()); diff != "" {
			t.Errorf("events (-want +got):\n%s", diff)
		}
	})
}

func TestCommands(t *testing.T) {
	bubble(t, nil, func(t *testing.T, srv *Server) {
		d := newSession(t, srv)
		app, guild := botID(t, d), srv.Guild(0).ID
		for _, scope := range []string{"", guild} {
			first, err := d.ApplicationCommandCreate(app, scope, &discordgo.ApplicationCommand{Name: "ping", Description: "a"})
			if err != nil {
				t.Fatalf("ApplicationCommandCreate() = %v; want nil", err)
			}
			if first.ApplicationID != app || first.GuildID != scope || first.Version == "" {
				t.Errorf("ApplicationCommandCreate() = %+v; want application %s, guild %q", first, app, scope)
			}
			all, err := d.ApplicationCommandBulkOverwrite(app, scope, []*discordgo.ApplicationCommand{
				{Name: "ping", Description: "b"}, {Name: "balance", Description: "c"},
			})
			if err != nil || len(all) != 2 || all[0].ID != first.ID || all[0].Description != "b" {
				t.Errorf("ApplicationCommandBulkOverwrite() = %v, %v; want two, ping with its old id", all, err)
			}
			if err := d.ApplicationCommandDelete(app, scope, all[0].ID); err != nil {
				t.Errorf("ApplicationCommandDelete() = %v; want nil", err)
			}
			left, err := d.ApplicationCommands(app, scope)
			if err != nil || len(left) != 1 || left[0].Name != "balance" {
				t.Errorf("ApplicationCommands() = %v, %v; want balance", left, err)
			}
		}
	})
}
