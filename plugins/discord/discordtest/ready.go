package discordtest

// wireReady is what a session begins with.
func (s *Server) wireReady(live *session) obj {
	guilds := []obj{}
	if !s.guild.kicked {
		guilds = append(guilds, obj{"id": s.GuildID, "unavailable": true})
	}
	return obj{
		"v": 9, "user": wireUser(*s.users[s.BotID]), "guilds": guilds, "session_id": live.id, "session_type": "normal",
		"resume_gateway_url": s.gatewayURL() + "/resume", "shard": []int{0, 1},
		"application": obj{"id": s.AppID, "flags": s.appFlags()}, "private_channels": []obj{}, "relationships": []obj{}, "presences": []obj{},
	}
}

// The application's flags for MESSAGE_CONTENT in a bot of few guilds.
const flagContentLimited = 1 << 19

func (s *Server) appFlags() int {
	if s.settings.content {
		return flagContentLimited
	}
	return 0
}

// wireGuild holds what Discord's OpenAPI file requires, most of it as a new guild has it.
func (s *Server) wireGuild() obj {
	roles := []obj{}
	for _, r := range s.guild.roles {
		roles = append(roles, wireRole(r))
	}
	return obj{
		"id": s.GuildID, "name": s.guild.name, "owner_id": "1", "icon": nil, "roles": roles, "emojis": []obj{}, "stickers": []obj{}, "features": []string{},
		"preferred_locale": "en-US", "premium_tier": 0, "nsfw_level": 0, "verification_level": 0, "afk_timeout": 300, "system_channel_id": nil,
		"description": nil, "home_header": nil, "splash": nil, "discovery_splash": nil, "banner": nil, "application_id": nil, "region": "deprecated",
		"afk_channel_id": nil, "system_channel_flags": 0, "widget_enabled": false, "widget_channel_id": nil, "default_message_notifications": 1,
		"mfa_level": 0, "explicit_content_filter": 0, "max_presences": nil, "max_members": 500_000, "max_stage_video_channel_users": 50,
		"max_video_channel_users": 25, "vanity_url_code": nil, "premium_subscription_count": 0, "rules_channel_id": nil,
		"safety_alerts_channel_id": nil, "public_updates_channel_id": nil, "premium_progress_bar_enabled": false, "nsfw": false,
		"hub_type": nil, "incidents_data": nil, "owner_configured_content_level": 0,
	}
}

// wireGuildCreate is the guild with its channels and active threads.
func (s *Server) wireGuildCreate() obj {
	channels, threads := []obj{}, []obj{}
	for _, c := range s.live(false) {
		channels = append(channels, s.wireChannel(c))
	}
	for _, c := range s.activeThreads() {
		if s.can(c, ViewChannel) {
			threads = append(threads, s.wireThread(c))
		}
	}
	o := s.wireGuild()
	for k, v := range map[string]any{
		"joined_at": wireTime(s.guild.joined), "large": false, "unavailable": false, "member_count": 1 + len(s.users),
		"channels": channels, "threads": threads, "members": []obj{s.withUser(s.BotID)}, "voice_states": []obj{}, "presences": []obj{},
		"stage_instances": []obj{}, "guild_scheduled_events": []obj{}, "soundboard_sounds": []obj{},
	} {
		o[k] = v
	}
	return o
}
