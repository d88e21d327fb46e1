package discordtest

import (
	"fmt"
	"time"

	"github.com/bwmarrin/discordgo"
)

// The times at which the first things were made, in milliseconds after the Discord epoch.
// guildStep is 1 modulo every number up to 16, and guildBase is 0, so that guild i is on
// shard i%n.
const (
	guildStep = 720_720 + 1
	guildBase = 720_720 * 300_000 // in November 2021
	userBase  = 720_720 * 100_000 // in April 2017
	userStep  = 60_000
	botBase   = 720_720 * 200_000 // in July 2019
)

// newWorld makes the same world for the same options, with the same ids and names.
func newWorld(o *Options) *world {
	w := &world{
		users:    map[snowflake]*user{},
		channels: map[snowflake]*channel{},
		commands: map[snowflake][]*command{},
	}
	w.bot = w.addUser(snowflakeAt(botBase), "cogbot", true)
	people := make([]*user, o.Members)
	for i := range people {
		people[i] = w.addUser(snowflakeAt(userBase+int64(i)*userStep), personName(i), false)
	}
	for i := range o.Guilds {
		w.guilds = append(w.guilds, w.newGuild(i, people, o))
	}
	return w
}

func (w *world) newGuild(i int, people []*user, o *Options) *guild {
	made := guildBase + int64(i)*guildStep
	g := &guild{
		ID:              snowflakeAt(made),
		Name:            guildName(i),
		OwnerID:         w.bot.ID,
		AfkTimeout:      300,
		PreferredLocale: "en-US",
		Features:        []string{},
		Emojis:          []any{},
		Stickers:        []any{},
		Roles:           newRoles(made, o.Roles),
		channels:        []*channel{},
		members:         make([]*member, 0, len(people)+1),
		bans:            []*ban{},
	}
	for j := range o.Channels {
		ch := &channel{ID: snowflakeAt(made + 1000 + int64(j)), GuildID: g.ID, Name: channelName(j), Position: j, Overwrites: []any{}, messages: []*message{}}
		g.channels = append(g.channels, ch)
		w.channels[ch.ID] = ch
	}
	grant := func(m *member, n int) {
		if n+1 < len(g.Roles) {
			m.Roles = append(m.Roles, g.Roles[n+1].ID)
		}
	}
	for j, u := range people {
		m, _ := g.add(u, g.ID.time().Add(time.Duration(j)*time.Minute))
		switch {
		case j == i%len(people):
			g.OwnerID = u.ID
			grant(m, 0)
		case j%4 == 1:
			grant(m, 1)
		}
		grant(m, 2)
	}
	bot, _ := g.add(w.bot, g.ID.time().Add(time.Hour))
	grant(bot, 0)
	g.memberCount = o.MemberCount
	return g
}

func newRoles(made int64, n int) []*role {
	const everyone = discordgo.PermissionViewChannel | discordgo.PermissionSendMessages | discordgo.PermissionReadMessageHistory
	const moderator = everyone | discordgo.PermissionKickMembers | discordgo.PermissionBanMembers | discordgo.PermissionManageMessages
	roles := []*role{{ID: snowflakeAt(made), Name: "@everyone", Permissions: everyone}}
	for j := range n {
		r := &role{ID: snowflakeAt(made + 1 + int64(j)), Name: roleName(j), Color: 0x3498db + j*0x1111, Position: n - j, Permissions: everyone}
		switch j {
		case 0:
			r.Permissions, r.Hoist = discordgo.PermissionAdministrator, true
		case 1:
			r.Permissions, r.Hoist = moderator, true
		}
		roles = append(roles, r)
	}
	return roles
}

func guildName(i int) string {
	first := []string{"Amber", "Birch", "Cobalt", "Dusk", "Ember", "Fern", "Golden", "Hollow", "Iron", "Juniper"}
	second := []string{"Harbor", "Arcade", "Library", "Workshop", "Garden", "Tavern", "Observatory"}
	return numbered(first[i%len(first)]+" "+second[i%len(second)], i, len(first)*len(second))
}

func personName(i int) string {
	names := []string{"ada", "brian", "chioma", "dmitri", "elena", "farid", "grace", "hiro", "ines", "jamal", "kaya", "linus"}
	return numbered(names[i%len(names)], i, len(names))
}

func channelName(i int) string {
	names := []string{"general", "announcements", "support", "off-topic", "showcase", "bot-commands"}
	return numbered(names[i%len(names)], i, len(names))
}

func roleName(i int) string {
	names := []string{"Admin", "Moderator", "Member", "Supporter"}
	return numbered(names[i%len(names)], i, len(names))
}

// numbered adds a number to a name that was used before: after the first round through the
// list of names.
func numbered(name string, i, listed int) string {
	if round := i/listed + 1; round > 1 {
		return fmt.Sprintf("%s-%d", name, round)
	}
	return name
}
