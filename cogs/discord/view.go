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

// A View reads the cache of the bot's session. Its results are copies that belong to the
// caller. Several goroutines may use a View at once.
//
// If the cache does not have a guild or a member, the error is a *wire.Error with the code
// not_found. A View that [From] did not make returns errors with the code unavailable. In a
// cog that runs as a process, ctx limits the time of the exchange with the bot; in the bot
// itself no method waits.
type View struct {
	host      instance.Host
	functions functions

	mu   sync.Mutex         // protects rest
	rest *discordgo.Session // set if the bot's session is in another process
}

// From returns the View for the cog whose Setup has r. Setup stores it for the handlers,
// which may use it until the instance ends. From panics, which fails the Setup, if the cog
// was loaded without [With]. So a test gives With a session too, one that is connected to
// package discordtest.
func From(r *cogs.Registrar) *View {
	return &View{host: needHost((*instance.Recorder)(r), "From"), functions: newFunctions()}
}

// Guilds returns the guilds that the bot is in, sorted by id. It is cheap: it does not read
// their members.
func (v *View) Guilds(ctx context.Context) ([]Guild, error) {
	return v.functions.guilds.call(ctx, v.host, wire.Empty{})
}

// Guild returns one guild.
func (v *View) Guild(ctx context.Context, guild wire.Snowflake) (Guild, error) {
	return v.functions.guild.call(ctx, v.host, guild)
}

// Members returns members of a guild that the session knows, sorted by id: up to limit
// members with ids greater than after. If limit is zero, negative or above 1000, it is
// 1000. For the next page, pass the id of the last member as after.
//
// [Guild.MemberCount] is the number of all members. Discord tells a session only a few
// members of a large guild until the session requests more.
func (v *View) Members(ctx context.Context, guild, after wire.Snowflake, limit int) ([]Member, error) {
	return v.functions.members.call(ctx, v.host, memberPage{guild, after, limit})
}

// Member returns one member of a guild that the session knows.
func (v *View) Member(ctx context.Context, guild, user wire.Snowflake) (Member, error) {
	return v.functions.member.call(ctx, v.host, memberID{guild, user})
}

// Channels returns the channels of a guild, without threads, in the order in which people
// see them within a category.
func (v *View) Channels(ctx context.Context, guild wire.Snowflake) ([]Channel, error) {
	return v.functions.channels.call(ctx, v.host, guild)
}

// Roles returns the roles of a guild, the highest first.
func (v *View) Roles(ctx context.Context, guild wire.Snowflake) ([]Role, error) {
	return v.functions.roles.call(ctx, v.host, guild)
}

// Session returns a session for its REST methods, which several goroutines may call at
// once. Do not read its State, and do not open or close it.
//
// In the bot it is the bot's own session. A cog that runs as a process gets a session of
// that process, with the bot's token and an empty State. That session counts Discord's rate
// limits by itself, while Discord counts the requests of both sessions together. The first
// call of Session then asks the bot for the token, for at most 10 seconds.
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

// sessionTimeout limits the request for the token, which the bot answers at once.
const sessionTimeout = 10 * time.Second
