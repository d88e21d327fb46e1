package discord

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/cogbus/cogbus/cogs"
	"github.com/cogbus/cogbus/internal/codec"
	"github.com/cogbus/cogbus/internal/instance"
)

// On records h as a listener of the instance that r belongs to. The bot calls h with each
// event of type E, such as discordgo.GuildMemberAdd. Each event is a call of the cog, with
// the cog's time limit. The package documentation says in which order events come, and
// which listeners run at the same time.
//
// h owns e. The bot logs an error or a panic of h, and nothing else happens.
//
// E may be any event of discordgo, also those that discordgo itself creates:
// discordgo.Connect, Disconnect, RateLimit, and Event, which stands for every event and has
// a nil Struct.
//
// On panics, which fails the Setup, if h is nil, if E is no event, and if the cog was
// loaded without [With]. So a test gives With a session too, one that is connected to
// package discordtest.
func On[E any](r *cogs.Registrar, h func(ctx context.Context, e *E) error) {
	recorder := (*instance.Recorder)(r)
	name := eventName((*E)(nil))
	if name == "" {
		panic(fmt.Sprintf("discord.On: cog %q: %T points to no event of discordgo", recorder.Cog(), (*E)(nil)))
	}
	if h == nil {
		panic(fmt.Sprintf("discord.On: cog %q: the listener for %s is nil", recorder.Cog(), name))
	}
	recorder.Listen(needHost(recorder, "On"), name, guildOf(name), func(ctx context.Context, data []byte) error {
		e := new(E)
		err := decode(data, e)
		if _, partly := errors.AsType[*json.UnmarshalTypeError](err); err != nil && !partly {
			return fmt.Errorf("decode: %w", err)
		}
		// call h also after such an error, as discordgo does: a single field that has
		// changed its type must not make the bot ignore the event
		return errors.Join(h(ctx, e), err)
	})
}

// needHost returns the host that With has given to the cog of r. It panics if there is
// none.
func needHost(r *instance.Recorder, what string) instance.Host {
	host := r.Host()
	if host == nil {
		panic(fmt.Sprintf("discord.%s: cog %q has no Discord session: load it by discord.With(session, cog); in a test, take the session from discordtest.New(nil).Session()", what, r.Cog()))
	}
	return host
}

// guildOf returns a function that returns the guild id in the data of such an event.
func guildOf(event string) func(data []byte) string {
	switch event {
	case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
		return keyOf(func(e *struct {
			ID string `json:"id"`
		},
		) string {
			return e.ID
		})
	case anyEvent:
		return keyOf(func(e *struct {
			Type string          `json:"t"`
			Data json.RawMessage `json:"d"`
		},
		) string {
			return guildOf(e.Type)(e.Data)
		})
	}
	return keyOf(func(e *struct {
		GuildID string `json:"guild_id"`
	},
	) string {
		return e.GuildID
	})
}

// keyOf returns a function that decodes the part of an event that T describes, and returns
// its key. If the data does not decode, the key is empty.
func keyOf[T any](key func(*T) string) func(data []byte) string {
	codec := codec.Of[T]()
	return func(data []byte) string {
		part := new(T)
		if codec.Decode(data, part) != nil {
			return ""
		}
		return key(part)
	}
}
