package discordtest

import (
	"strings"

	"github.com/bwmarrin/discordgo"
)

// wants reports whether the session's intents cover an event. Events that need
// no intent, and those the fake does not know, are always wanted.
func (ss *session) wants(event string, inGuild bool) bool {
	need := intentOf(event, inGuild)
	return need == 0 || ss.intents&need != 0
}

func intentOf(event string, inGuild bool) discordgo.Intent {
	pick := func(guild, direct discordgo.Intent) discordgo.Intent {
		if inGuild {
			return guild
		}
		return direct
	}
	switch event {
	case "GUILD_CREATE", "GUILD_UPDATE", "GUILD_DELETE":
		return discordgo.IntentGuilds
	case "GUILD_MEMBER_ADD", "GUILD_MEMBER_UPDATE", "GUILD_MEMBER_REMOVE":
		return discordgo.IntentGuildMembers
	case "PRESENCE_UPDATE":
		return discordgo.IntentGuildPresences
	case "VOICE_STATE_UPDATE":
		return discordgo.IntentGuildVoiceStates
	case "TYPING_START":
		return pick(discordgo.IntentGuildMessageTyping, discordgo.IntentDirectMessageTyping)
	}
	// The longer prefix comes first: reactions are not messages.
	for _, p := range []struct {
		prefix string
		need   discordgo.Intent
	}{
		{"GUILD_ROLE_", discordgo.IntentGuilds},
		{"CHANNEL_", discordgo.IntentGuilds},
		{"THREAD_", discordgo.IntentGuilds},
		{"GUILD_BAN_", discordgo.IntentGuildModeration},
		{"GUILD_SCHEDULED_EVENT_", discordgo.IntentGuildScheduledEvents},
		{"INVITE_", discordgo.IntentGuildInvites},
		{"MESSAGE_REACTION_", pick(discordgo.IntentGuildMessageReactions, discordgo.IntentDirectMessageReactions)},
		{"MESSAGE_", pick(discordgo.IntentGuildMessages, discordgo.IntentDirectMessages)},
	} {
		if strings.HasPrefix(event, p.prefix) {
			return p.need
		}
	}
	return 0
}

// readsContent reports whether the session sees what a message says: with the
// privileged intent, or when the message is the bot's own or mentions it.
func (ss *session) readsContent(m messageEvent, bot *user) bool {
	return ss.intents&discordgo.IntentMessageContent != 0 ||
		m.Author == bot || strings.Contains(m.Content, "<@"+bot.ID.String()+">")
}
