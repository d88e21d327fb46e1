package discordtest

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/bwmarrin/discordgo"
)

type member struct {
	User          *user       `json:"user,omitempty"`
	Nick          *string     `json:"nick"`
	Avatar        *string     `json:"avatar"`
	Roles         []snowflake `json:"roles"`
	JoinedAt      time.Time   `json:"joined_at"`
	PremiumSince  *time.Time  `json:"premium_since"`
	Deaf          bool        `json:"deaf"`
	Mute          bool        `json:"mute"`
	Pending       bool        `json:"pending"`
	Flags         int         `json:"flags"`
	TimedOutUntil *time.Time  `json:"communication_disabled_until"`
}

// memberEvent is a member in the form in which the gateway sends it, with the id of the
// guild, which REST leaves out.
type memberEvent struct {
	*member
	GuildID snowflake `json:"guild_id"`
}

// departure is the data of the events for a leave, a kick and a ban.
type departure struct {
	GuildID snowflake `json:"guild_id"`
	User    *user     `json:"user"`
}

type ban struct {
	Reason *string `json:"reason"`
	User   *user   `json:"user"`
}

func (m *member) id() snowflake { return m.User.ID }
func (b *ban) id() snowflake    { return b.User.ID }

// withoutUser returns the member in the form that a message has beside its author.
func (m *member) withoutUser() *member {
	c := *m
	c.User = nil
	return &c
}

// named reports whether the user name or the nickname starts with prefix.
func (m *member) named(prefix string) bool {
	prefix = strings.ToLower(prefix)
	return strings.HasPrefix(strings.ToLower(m.User.Username), prefix) ||
		m.Nick != nil && strings.HasPrefix(strings.ToLower(*m.Nick), prefix)
}

func (g *guild) member(id snowflake) (*member, error) {
	i, ok := find(g.members, id, (*member).id)
	if !ok {
		return nil, unknown(discordgo.ErrCodeUnknownMember, "Member")
	}
	return g.members[i], nil
}

// add makes u a member. If u is a member already, it returns that member.
func (g *guild) add(u *user, joined time.Time) (m *member, isNew bool) {
	i, ok := find(g.members, u.ID, (*member).id)
	if ok {
		return g.members[i], false
	}
	m = &member{User: u, Roles: []snowflake{}, JoinedAt: joined.UTC()}
	g.members = slices.Insert(g.members, i, m)
	g.memberCount++
	return m, true
}

func (g *guild) remove(m *member) {
	if i, ok := find(g.members, m.id(), (*member).id); ok {
		g.members = slices.Delete(g.members, i, i+1)
		g.memberCount--
	}
}

// permissions returns the permissions of the member in the guild. It does not consider
// channels.
func (g *guild) permissions(m *member) int64 {
	if m.id() == g.OwnerID {
		return discordgo.PermissionAll
	}
	var sum int64
	for _, r := range g.Roles {
		if r.ID == g.ID || slices.Contains(m.Roles, r.ID) {
			sum |= r.Permissions
		}
	}
	if sum&discordgo.PermissionAdministrator != 0 {
		return discordgo.PermissionAll
	}
	return sum
}

// find returns the index of an id in a slice that is sorted by id, and whether the slice
// has it.
func find[T any](all []T, id snowflake, idOf func(T) snowflake) (int, bool) {
	return slices.BinarySearchFunc(all, id, func(v T, id snowflake) int { return cmp.Compare(idOf(v), id) })
}
