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

// On records h as a listener of the instance that r is for: it is called with
// each event of type E, such as discordgo.GuildMemberAdd, and as a call of the
// cog, with its time limit. The package documentation tells what order holds.
// h owns e. An error of h is logged; that is all.
//
// E may be any event of discordgo, the ones that it makes itself too:
// discordgo.Connect, Disconnect, RateLimit, and Event, which stands for every
// event and comes without Struct.
//
// On panics, which fails the Setup, if the cog was loaded without [With], and if E is
// no event.
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
		// as discordgo does: one field that has changed its type must not
		// silence a bot
		return errors.Join(h(ctx, e), err)
	})
}

// needHost returns the host that With has given the cog of r.
func needHost(r *instance.Recorder, what string) instance.Host {
	host := r.Host()
	if host == nil {
		panic(fmt.Sprintf("discord.%s: cog %q has no Discord: load it by discord.With(session, ...)", what, r.Cog()))
	}
	return host
}

// guildOf returns a function that finds the guild of an event.
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

// keyOf reads the part of an event that T describes. What does not decode has
// the empty key.
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
