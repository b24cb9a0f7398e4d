package discordtest

import (
	"strconv"
	"strings"
	"time"
)

func (s *Server) gatewayURL() string { return "ws" + strings.TrimPrefix(s.URL, "http") }

func (c *call) getGateway() (int, any, error) {
	return 200, obj{"url": c.gatewayURL()}, nil
}

func (c *call) getGatewayBot() (int, any, error) {
	reset := 0
	now := c.clock.Now()
	c.forgetStarts(now)
	if len(c.starts) > 0 {
		reset = int((24*time.Hour - now.Sub(c.starts[0])).Milliseconds())
	}
	limit := obj{"total": c.settings.identifyMax, "remaining": max(0, c.settings.identifyMax-len(c.starts)), "reset_after": reset, "max_concurrency": 1}
	return 200, obj{"url": c.gatewayURL(), "shards": 1, "session_start_limit": limit}, nil
}

func (c *call) getMe() (int, any, error) {
	o := wireUser(*c.users[c.BotID])
	o["verified"], o["mfa_enabled"], o["email"], o["locale"] = true, false, nil, "en-US"
	return 200, o, nil
}

func (c *call) getUser() (int, any, error) {
	u := c.users[c.path["user"]]
	switch {
	case !isSnowflake(c.path["user"]):
		return 0, nil, notSnowflake("user_id", c.path["user"])
	case u == nil:
		return 0, nil, errUnknownUser
	}
	return 200, wireUser(*u), nil
}

func (c *call) getMyGuilds() (int, any, error) {
	list := []obj{}
	if !c.guild.kicked {
		var p Permission
		for _, r := range c.guild.roles {
			p |= r.permissions
		}
		list = append(list, obj{"id": c.GuildID, "name": c.guild.name, "icon": nil, "banner": nil, "owner": false, "permissions": strconv.FormatInt(int64(p), 10), "features": []string{}})
	}
	return 200, list, nil
}

func (c *call) getApp() (int, any, error) {
	return 200, obj{
		"id": c.AppID, "name": c.users[c.BotID].Name, "description": "", "icon": nil, "bot_public": false, "bot_require_code_grant": false,
		"verify_key": strings.Repeat("0", 64), "flags": c.appFlags(), "bot": wireUser(*c.users[c.BotID]),
		"type": nil, "flags_new": strconv.Itoa(c.appFlags()), "redirect_uris": []string{}, "interactions_endpoint_url": nil,
		"role_connections_verification_url": nil, "owner": wireUser(User{ID: "1", Name: "Owner"}), "approximate_guild_count": 1,
		"approximate_user_install_count": 0, "approximate_user_authorization_count": 0, "explicit_content_filter": 0, "team": nil,
		"eligible_oauth2_scopes": []string{},
	}, nil
}

// inGuild checks that the path names the guild and that the bot is in it.
func (c *call) inGuild() error {
	id := c.path["guild"]
	switch {
	case !isSnowflake(id):
		return notSnowflake("guild_id", id)
	case id != c.GuildID || c.guild.kicked:
		return errUnknownGuild
	}
	return nil
}

func (c *call) getGuild() (int, any, error) {
	if err := c.inGuild(); err != nil {
		return 0, nil, err
	}
	return 200, c.wireGuild(), nil
}

func (c *call) getChannels() (int, any, error) {
	if err := c.inGuild(); err != nil {
		return 0, nil, err
	}
	list := []obj{}
	for _, ch := range c.live(false) {
		list = append(list, c.wireChannel(ch))
	}
	return 200, list, nil
}

func (c *call) getRoles() (int, any, error) {
	if err := c.inGuild(); err != nil {
		return 0, nil, err
	}
	return 200, c.wireGuild()["roles"], nil
}

func (c *call) getMember() (int, any, error) {
	if err := c.inGuild(); err != nil {
		return 0, nil, err
	}
	id := c.path["user"]
	switch {
	case !isSnowflake(id):
		return 0, nil, notSnowflake("user_id", id)
	case c.users[id] == nil:
		return 0, nil, errUnknownMember
	}
	return 200, c.withUser(id), nil
}
