package discord_test

import (
	"context"
	"fmt"
	"log"

	"github.com/bwmarrin/discordgo"

	"github.com/cogbus/cogbus/actors"
	"github.com/cogbus/cogbus/client"
	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/cogs/discord"
	"github.com/cogbus/cogbus/cogs/discord/discordtest"
	"github.com/cogbus/cogbus/wire"
)

// greeter is a cog that greets new members.
type greeter struct {
	discord *discord.View
	greeted chan string
}

func (g *greeter) setup(_ context.Context, r *cogs.Registrar) error {
	g.discord = discord.From(r)
	discord.On(r, g.onJoin)
	return nil
}

func (g *greeter) onJoin(ctx context.Context, e *discordgo.GuildMemberAdd) error {
	id, err := wire.ParseSnowflake(e.GuildID)
	if err != nil {
		return err
	}
	guild, err := g.discord.Guild(ctx, id)
	if err != nil {
		return err
	}
	g.greeted <- fmt.Sprintf("welcome to %s, %s: you are number %d", guild.Name, e.User.Username, guild.MemberCount)
	return nil
}

// A cog with a listener and a view, in a bot on a fake Discord.
func Example() {
	fake := discordtest.New(nil)
	defer fake.Close()
	session, err := fake.Session() // in production: discordgo.New("Bot " + token)
	if err != nil {
		log.Fatal(err)
	}

	srv := actors.NewServer(nil)
	defer srv.Close()
	g := &greeter{greeted: make(chan string)}
	if err := srv.Load(context.Background(), discord.With(session, cogs.Cog{Name: "greeter", Setup: g.setup})...); err != nil {
		log.Fatal(err)
	}
	if err := session.Open(); err != nil {
		log.Fatal(err)
	}
	defer session.Close()

	guild := fake.Guild(0)
	if err := fake.Join(guild.ID, fake.NewUser("grace")); err != nil {
		log.Fatal(err)
	}
	fmt.Println(<-g.greeted)
	// Output: welcome to Amber Harbor, grace: you are number 7
}

// A cog makes REST requests with the session of its View.
func ExampleView_Session() {
	fake := discordtest.New(nil)
	defer fake.Close()
	session, err := fake.Session()
	if err != nil {
		log.Fatal(err)
	}
	srv := actors.NewServer(nil)
	defer srv.Close()
	const whoAmI wire.Route[wire.Empty, string] = "whoami"
	cog := cogs.Cog{Name: "whoami", Setup: func(_ context.Context, r *cogs.Registrar) error {
		view := discord.From(r)
		cogs.Handle(r, whoAmI, func(ctx context.Context, _ wire.Empty) (string, error) {
			session, err := view.Session()
			if err != nil {
				return "", err
			}
			me, err := session.User("@me", discordgo.WithContext(ctx))
			if err != nil {
				return "", err
			}
			return me.Username, nil
		})
		return nil
	}}
	if err := srv.Load(context.Background(), discord.With(session, cog)...); err != nil {
		log.Fatal(err)
	}
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close()
	name, err := client.Call(context.Background(), bot, whoAmI, wire.Empty{})
	fmt.Println(name, err)
	// Output: cogbot <nil>
}

// A View reads the cache of the session. Its results belong to the caller.
func ExampleView() {
	fake := discordtest.New(nil)
	defer fake.Close()
	session, err := fake.Session()
	if err != nil {
		log.Fatal(err)
	}
	srv := actors.NewServer(nil)
	defer srv.Close()
	type overview struct {
		Guild    discord.Guild
		Roles    []discord.Role
		Channels []discord.Channel
		Members  []discord.Member
	}
	const read wire.Route[wire.Snowflake, overview] = "guild.read"
	known := make(chan struct{}, 1)
	cog := cogs.Cog{Name: "guild", Setup: func(_ context.Context, r *cogs.Registrar) error {
		view := discord.From(r)
		discord.On(r, func(context.Context, *discordgo.GuildCreate) error { known <- struct{}{}; return nil })
		cogs.Handle(r, read, func(ctx context.Context, id wire.Snowflake) (o overview, err error) {
			if o.Guild, err = view.Guild(ctx, id); err != nil {
				return o, err // not_found if the bot is not there
			}
			if o.Roles, err = view.Roles(ctx, id); err != nil {
				return o, err
			}
			if o.Channels, err = view.Channels(ctx, id); err != nil {
				return o, err
			}
			o.Members, err = view.Members(ctx, id, 0, 100)
			return o, err
		})
		return nil
	}}
	if err := srv.Load(context.Background(), discord.With(session, cog)...); err != nil {
		log.Fatal(err)
	}
	if err := session.Open(); err != nil {
		log.Fatal(err)
	}
	defer session.Close()
	bot, err := client.New("ws://bot", &client.Options{DialContext: srv.DialContext})
	if err != nil {
		log.Fatal(err)
	}
	defer bot.Close()

	<-known
	id, err := wire.ParseSnowflake(fake.Guild(0).ID)
	if err != nil {
		log.Fatal(err)
	}
	o, err := client.Call(context.Background(), bot, read, id)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d roles, %d channels, %d members\n", o.Guild.Name, len(o.Roles), len(o.Channels), len(o.Members))
	// Output: Amber Harbor: 5 roles, 3 channels, 6 members
}
