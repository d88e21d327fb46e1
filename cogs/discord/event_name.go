package discord

import "github.com/bwmarrin/discordgo"

// The names of the events that discordgo itself creates.
const (
	anyEvent   = "__EVENT__"
	connect    = "__CONNECT__"
	disconnect = "__DISCONNECT__"
	rateLimit  = "__RATE_LIMIT__"
)

// eventName returns the name of the event that e points to; e may be a nil pointer. It
// returns "" if e points to no event. Discordgo knows the names but does not export them.
//
// An event of a newer discordgo needs a case here. If its guild is not in guild_id, it
// also needs a case in guildOf (on.go).
func eventName(e any) string {
	switch e.(type) {
	case *discordgo.ApplicationCommandPermissionsUpdate:
		return "APPLICATION_COMMAND_PERMISSIONS_UPDATE"
	case *discordgo.AutoModerationActionExecution:
		return "AUTO_MODERATION_ACTION_EXECUTION"
	case *discordgo.AutoModerationRuleCreate:
		return "AUTO_MODERATION_RULE_CREATE"
	case *discordgo.AutoModerationRuleDelete:
		return "AUTO_MODERATION_RULE_DELETE"
	case *discordgo.AutoModerationRuleUpdate:
		return "AUTO_MODERATION_RULE_UPDATE"
	case *discordgo.ChannelCreate:
		return "CHANNEL_CREATE"
	case *discordgo.ChannelDelete:
		return "CHANNEL_DELETE"
	case *discordgo.ChannelPinsUpdate:
		return "CHANNEL_PINS_UPDATE"
	case *discordgo.ChannelUpdate:
		return "CHANNEL_UPDATE"
	case *discordgo.Connect:
		return connect
	case *discordgo.Disconnect:
		return disconnect
	case *discordgo.EntitlementCreate:
		return "ENTITLEMENT_CREATE"
	case *discordgo.EntitlementDelete:
		return "ENTITLEMENT_DELETE"
	case *discordgo.EntitlementUpdate:
		return "ENTITLEMENT_UPDATE"
	case *discordgo.Event:
		return anyEvent
	case *discordgo.GuildAuditLogEntryCreate:
		return "GUILD_AUDIT_LOG_ENTRY_CREATE"
	case *discordgo.GuildBanAdd:
		return "GUILD_BAN_ADD"
	case *discordgo.GuildBanRemove:
		return "GUILD_BAN_REMOVE"
	case *discordgo.GuildCreate:
		return "GUILD_CREATE"
	case *discordgo.GuildDelete:
		return "GUILD_DELETE"
	case *discordgo.GuildEmojisUpdate:
		return "GUILD_EMOJIS_UPDATE"
	case *discordgo.GuildIntegrationsUpdate:
		return "GUILD_INTEGRATIONS_UPDATE"
	case *discordgo.GuildMemberAdd:
		return "GUILD_MEMBER_ADD"
	case *discordgo.GuildMemberRemove:
		return "GUILD_MEMBER_REMOVE"
	case *discordgo.GuildMemberUpdate:
		return "GUILD_MEMBER_UPDATE"
	case *discordgo.GuildMembersChunk:
		return "GUILD_MEMBERS_CHUNK"
	case *discordgo.GuildRoleCreate:
		return "GUILD_ROLE_CREATE"
	case *discordgo.GuildRoleDelete:
		return "GUILD_ROLE_DELETE"
	case *discordgo.GuildRoleUpdate:
		return "GUILD_ROLE_UPDATE"
	case *discordgo.GuildScheduledEventCreate:
		return "GUILD_SCHEDULED_EVENT_CREATE"
	case *discordgo.GuildScheduledEventDelete:
		return "GUILD_SCHEDULED_EVENT_DELETE"
	case *discordgo.GuildScheduledEventUpdate:
		return "GUILD_SCHEDULED_EVENT_UPDATE"
	case *discordgo.GuildScheduledEventUserAdd:
		return "GUILD_SCHEDULED_EVENT_USER_ADD"
	case *discordgo.GuildScheduledEventUserRemove:
		return "GUILD_SCHEDULED_EVENT_USER_REMOVE"
	case *discordgo.GuildStickersUpdate:
		return "GUILD_STICKERS_UPDATE"
	case *discordgo.GuildUpdate:
		return "GUILD_UPDATE"
	case *discordgo.IntegrationCreate:
		return "INTEGRATION_CREATE"
	case *discordgo.IntegrationDelete:
		return "INTEGRATION_DELETE"
	case *discordgo.IntegrationUpdate:
		return "INTEGRATION_UPDATE"
	case *discordgo.InteractionCreate:
		return "INTERACTION_CREATE"
	case *discordgo.InviteCreate:
		return "INVITE_CREATE"
	case *discordgo.InviteDelete:
		return "INVITE_DELETE"
	case *discordgo.MessageCreate:
		return "MESSAGE_CREATE"
	case *discordgo.MessageDelete:
		return "MESSAGE_DELETE"
	case *discordgo.MessageDeleteBulk:
		return "MESSAGE_DELETE_BULK"
	case *discordgo.MessagePollVoteAdd:
		return "MESSAGE_POLL_VOTE_ADD"
	case *discordgo.MessagePollVoteRemove:
		return "MESSAGE_POLL_VOTE_REMOVE"
	case *discordgo.MessageReactionAdd:
		return "MESSAGE_REACTION_ADD"
	case *discordgo.MessageReactionRemove:
		return "MESSAGE_REACTION_REMOVE"
	case *discordgo.MessageReactionRemoveAll:
		return "MESSAGE_REACTION_REMOVE_ALL"
	case *discordgo.MessageUpdate:
		return "MESSAGE_UPDATE"
	case *discordgo.PresenceUpdate:
		return "PRESENCE_UPDATE"
	case *discordgo.PresencesReplace:
		return "PRESENCES_REPLACE"
	case *discordgo.RateLimit:
		return rateLimit
	case *discordgo.Ready:
		return "READY"
	case *discordgo.Resumed:
		return "RESUMED"
	case *discordgo.StageInstanceEventCreate:
		return "STAGE_INSTANCE_EVENT_CREATE"
	case *discordgo.StageInstanceEventDelete:
		return "STAGE_INSTANCE_EVENT_DELETE"
	case *discordgo.StageInstanceEventUpdate:
		return "STAGE_INSTANCE_EVENT_UPDATE"
	case *discordgo.SubscriptionCreate:
		return "SUBSCRIPTION_CREATE"
	case *discordgo.SubscriptionDelete:
		return "SUBSCRIPTION_DELETE"
	case *discordgo.SubscriptionUpdate:
		return "SUBSCRIPTION_UPDATE"
	case *discordgo.ThreadCreate:
		return "THREAD_CREATE"
	case *discordgo.ThreadDelete:
		return "THREAD_DELETE"
	case *discordgo.ThreadListSync:
		return "THREAD_LIST_SYNC"
	case *discordgo.ThreadMemberUpdate:
		return "THREAD_MEMBER_UPDATE"
	case *discordgo.ThreadMembersUpdate:
		return "THREAD_MEMBERS_UPDATE"
	case *discordgo.ThreadUpdate:
		return "THREAD_UPDATE"
	case *discordgo.TypingStart:
		return "TYPING_START"
	case *discordgo.UserUpdate:
		return "USER_UPDATE"
	case *discordgo.VoiceServerUpdate:
		return "VOICE_SERVER_UPDATE"
	case *discordgo.VoiceStateUpdate:
		return "VOICE_STATE_UPDATE"
	case *discordgo.WebhooksUpdate:
		return "WEBHOOKS_UPDATE"
	}
	return ""
}
