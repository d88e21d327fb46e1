package discord

import (
	"encoding/json"
	"time"

	"github.com/bwmarrin/discordgo"
)

// decode decodes an event in the way that discordgo does.
func decode(data []byte, event any) error {
	if e, ok := event.(*discordgo.RateLimit); ok {
		return decodeRateLimit(data, e)
	}
	err := json.Unmarshal(data, event)
	switch e := event.(type) {
	case *discordgo.GuildCreate:
		tellGuild(e.Guild)
	case *discordgo.GuildUpdate:
		tellGuild(e.Guild)
	case *discordgo.Ready:
		for _, g := range e.Guilds {
			tellGuild(g)
		}
	}
	return err
}

// tellGuild sets the guild ids of a guild's channels, members and voice states, which
// Discord leaves out.
func tellGuild(g *discordgo.Guild) {
	if g == nil {
		return
	}
	for _, c := range g.Channels {
		c.GuildID = g.ID
	}
	for _, m := range g.Members {
		m.GuildID = g.ID
	}
	for _, v := range g.VoiceStates {
		v.GuildID = g.ID
	}
}

// A rateLimited is a discordgo.RateLimit in JSON. That type cannot decode its own JSON.
type rateLimited struct {
	Bucket     string
	Message    string
	RetryAfter time.Duration
	URL        string
}

func encodeRateLimit(e *discordgo.RateLimit) ([]byte, error) {
	return json.Marshal(rateLimited{e.Bucket, e.Message, e.RetryAfter, e.URL})
}

func decodeRateLimit(data []byte, e *discordgo.RateLimit) error {
	var in rateLimited
	err := json.Unmarshal(data, &in)
	e.TooManyRequests = &discordgo.TooManyRequests{Bucket: in.Bucket, Message: in.Message, RetryAfter: in.RetryAfter}
	e.URL = in.URL
	return err
}
