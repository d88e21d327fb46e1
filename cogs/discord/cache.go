package discord

import (
	"cmp"
	"slices"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/wire"
)

// The functions below copy from the session's cache. Discordgo changes the cached values in
// place, under the lock of State. So a pointer that State returns may only be followed
// under that lock. No function takes the lock twice: as soon as the session waits to write,
// the second attempt would block for ever.

func (h *host) guilds(wire.Empty) ([]Guild, error) {
	state := h.session.State
	h.mu.RLock()
	state.RLock()
	list := make([]Guild, len(state.Guilds))
	for i, g := range state.Guilds {
		list[i] = h.copyGuild(g)
	}
	state.RUnlock()
	h.mu.RUnlock()
	slices.SortFunc(list, func(a, b Guild) int { return cmp.Compare(a.ID, b.ID) })
	return list, nil
}

func (h *host) guild(id wire.Snowflake) (Guild, error) {
	g, err := h.find(id)
	if err != nil {
		return Guild{}, err
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	h.session.State.RLock()
	defer h.session.State.RUnlock()
	return h.copyGuild(g), nil
}

// copyGuild copies g. The caller holds h.mu and the lock of State.
func (h *host) copyGuild(g *discordgo.Guild) Guild {
	return Guild{
		ID:          snowflake(g.ID),
		Name:        g.Name,
		Icon:        g.Icon,
		OwnerID:     snowflake(g.OwnerID),
		MemberCount: h.counts[g.ID],
		Unavailable: g.Unavailable,
	}
}

const maxMembers = 1000

func (h *host) members(page memberPage) ([]Member, error) {
	g, err := h.find(page.Guild)
	if err != nil {
		return nil, err
	}
	if page.Limit <= 0 || page.Limit > maxMembers {
		page.Limit = maxMembers
	}
	state := h.session.State
	// collect the ids first, so that a large guild is sorted without the lock
	var ids []wire.Snowflake
	state.RLock()
	for _, m := range g.Members {
		if id := snowflake(m.User.ID); id > page.After {
			ids = append(ids, id)
		}
	}
	state.RUnlock()
	slices.Sort(ids)
	list := []Member{}
	for _, id := range ids {
		if len(list) == page.Limit {
			break
		}
		if m, err := h.member(memberID{page.Guild, id}); err == nil { // otherwise the member has left meanwhile
			list = append(list, m)
		}
	}
	return list, nil
}

func (h *host) member(id memberID) (Member, error) {
	state := h.session.State
	m, err := state.Member(id.Guild.String(), id.User.String())
	if err != nil {
		if _, err := h.find(id.Guild); err != nil {
			return Member{}, err
		}
		return Member{}, wire.Errorf(wire.NotFound, "guild %s has no known member %s", id.Guild, id.User)
	}
	state.RLock()
	defer state.RUnlock()
	return copyMember(m), nil
}

func copyMember(m *discordgo.Member) Member {
	roles := make([]wire.Snowflake, len(m.Roles))
	for i, id := range m.Roles {
		roles[i] = snowflake(id)
	}
	return Member{
		ID:         snowflake(m.User.ID),
		Username:   m.User.Username,
		GlobalName: m.User.GlobalName,
		Nick:       m.Nick,
		Avatar:     cmp.Or(m.Avatar, m.User.Avatar),
		Bot:        m.User.Bot,
		Roles:      roles,
		JoinedAt:   m.JoinedAt,
	}
}

func (h *host) channels(guild wire.Snowflake) ([]Channel, error) {
	g, err := h.find(guild)
	if err != nil {
		return nil, err
	}
	list := []Channel{}
	h.session.State.RLock()
	for _, c := range g.Channels {
		list = append(list, Channel{
			ID:       snowflake(c.ID),
			Name:     c.Name,
			Type:     int(c.Type),
			Topic:    c.Topic,
			ParentID: snowflake(c.ParentID),
			Position: c.Position,
		})
	}
	h.session.State.RUnlock()
	slices.SortFunc(list, func(a, b Channel) int {
		return cmp.Or(cmp.Compare(a.Position, b.Position), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

func (h *host) roles(guild wire.Snowflake) ([]Role, error) {
	g, err := h.find(guild)
	if err != nil {
		return nil, err
	}
	list := []Role{}
	h.session.State.RLock()
	for _, r := range g.Roles {
		list = append(list, Role{
			ID:          snowflake(r.ID),
			Name:        r.Name,
			Color:       r.Color,
			Position:    r.Position,
			Permissions: r.Permissions,
		})
	}
	h.session.State.RUnlock()
	slices.SortFunc(list, func(a, b Role) int {
		return cmp.Or(cmp.Compare(b.Position, a.Position), cmp.Compare(a.ID, b.ID))
	})
	return list, nil
}

// find returns the cached guild. The caller reads it under the lock of State.
func (h *host) find(id wire.Snowflake) (*discordgo.Guild, error) {
	g, err := h.session.State.Guild(id.String())
	if err != nil {
		return nil, wire.Errorf(wire.NotFound, "the bot is in no guild %s", id)
	}
	return g, nil
}

// snowflake parses an id of discordgo. It returns 0 if there is none.
func snowflake(text string) wire.Snowflake {
	id, _ := wire.ParseSnowflake(text)
	return id
}
