package discord

import (
	"context"
	"sync"
	"time"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/instance"
	"github.com/cogbus/cogbus/wire"
)

// A View reads what the bot's session knows of Discord. What it returns are
// copies that belong to the caller. Several goroutines may use it at once.
//
// What the session does not know is a *wire.Error with code not_found. A zero
// View fails with unavailable.
type View struct {
	host      instance.Host
	functions functions

	mu   sync.Mutex         // protects rest
	rest *discordgo.Session // where the bot's own is in another process
}

// From returns the View for the cog whose Setup has r. Setup keeps it for the handlers.
// From panics, which fails the Setup, if the cog was not loaded by [With].
func From(r *cogs.Registrar) *View {
	return &View{host: needHost((*instance.Recorder)(r), "From"), functions: newFunctions()}
}

// Guilds returns the guilds that the bot is in, by id. It is cheap: it looks at
// no member.
func (v *View) Guilds(ctx context.Context) ([]Guild, error) {
	return v.functions.guilds.call(ctx, v.host, wire.Empty{})
}

// Guild returns one guild.
func (v *View) Guild(ctx context.Context, guild wire.Snowflake) (Guild, error) {
	return v.functions.guild.call(ctx, v.host, guild)
}

// Members returns up to limit known members of a guild, by id, those with
// greater ids than after. The way to the next page is the last one's id. If
// limit is zero or above 1000, it is 1000. How many there are in all is
// [Guild.MemberCount]: Discord lets a session know few members of a large guild
// until it asks for more.
func (v *View) Members(ctx context.Context, guild, after wire.Snowflake, limit int) ([]Member, error) {
	return v.functions.members.call(ctx, v.host, memberPage{guild, after, limit})
}

// Member returns one member of a guild.
func (v *View) Member(ctx context.Context, guild, user wire.Snowflake) (Member, error) {
	return v.functions.member.call(ctx, v.host, memberID{guild, user})
}

// Channels returns the channels of a guild in the order in which people see
// them within a category, threads left out.
func (v *View) Channels(ctx context.Context, guild wire.Snowflake) ([]Channel, error) {
	return v.functions.channels.call(ctx, v.host, guild)
}

// Roles returns the roles of a guild, the highest first.
func (v *View) Roles(ctx context.Context, guild wire.Snowflake) ([]Role, error) {
	return v.functions.roles.call(ctx, v.host, guild)
}

// Session returns the session for its REST methods. Do not read its State, and do
// not open it. A cog that runs as a process of its own gets a session of that
// process, with the bot's token: its State is empty, and it counts Discord's rate
// limits by itself, while Discord counts those of both.
func (v *View) Session() (*discordgo.Session, error) {
	if h, ok := v.host.(*host); ok {
		return h.session, nil
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.rest != nil {
		return v.rest, nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), sessionTimeout)
	defer cancel()
	c, err := v.functions.credentials.call(ctx, v.host, wire.Empty{})
	if err != nil {
		return nil, err
	}
	s, err := discordgo.New(c.Token)
	if err != nil {
		return nil, err
	}
	s.MaxRestRetries, s.ShouldRetryOnRateLimit, s.UserAgent = c.Retries, c.WaitForLimits, c.UserAgent
	v.rest = s
	return s, nil
}

// sessionTimeout bounds the question for the token, which the bot answers at
// once.
const sessionTimeout = 10 * time.Second
