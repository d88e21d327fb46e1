package discordtest

import (
	"strings"

	"github.com/bwmarrin/discordgo"
)

// wants reports whether the session gets an event, according to its intents. Every session
// gets the events that need no intent, and the events that the fake does not know.
func (ss *session) wants(event string, inGuild bool) bool {
	need := intentOf(event, inGuild)
	return need == 0 || ss.intents&need != 0
}

func intentOf(event string, inGuild bool) discordgo.Intent {
	is := func(prefix string) bool { return strings.HasPrefix(event, prefix) }
	switch {
	case is("GUILD_MEMBER_"):
		return discordgo.IntentGuildMembers
	case is("GUILD_BAN_"):
		return discordgo.IntentGuildModeration
	case is("GUILD_CREATE"), is("GUILD_UPDATE"), is("GUILD_DELETE"), is("GUILD_ROLE_"), is("CHANNEL_"), is("THREAD_"):
		return discordgo.IntentGuilds
	case is("PRESENCE_"):
		return discordgo.IntentGuildPresences
	case is("VOICE_STATE_"):
		return discordgo.IntentGuildVoiceStates
	case is("TYPING_"):
		return either(inGuild, discordgo.IntentGuildMessageTyping, discordgo.IntentDirectMessageTyping)
	case is("MESSAGE_REACTION_"):
		return either(inGuild, discordgo.IntentGuildMessageReactions, discordgo.IntentDirectMessageReactions)
	case is("MESSAGE_"):
		return either(inGuild, discordgo.IntentGuildMessages, discordgo.IntentDirectMessages)
	}
	return 0
}

func either(inGuild bool, guild, direct discordgo.Intent) discordgo.Intent {
	if inGuild {
		return guild
	}
	return direct
}

// readsContent reports whether the session gets the content of a message: if it has the
// privileged intent, or if the message is the bot's own or mentions the bot.
func (ss *session) readsContent(m messageEvent, bot *user) bool {
	return ss.intents&discordgo.IntentMessageContent != 0 ||
		m.Author == bot || strings.Contains(m.Content, "<@"+bot.ID.String()+">")
}
