package slacktest

// method is one of the Web API.
type method struct {
	do      func(*call) (obj, error)
	scope   string
	tier    int  // calls a minute; 0: special
	app     bool // it takes the app's token
	history bool // it reads history
}

var methods map[string]method

func init() {
	methods = map[string]method{
		"apps.connections.open":        {do: (*call).openConnection, tier: 3, app: true},
		"auth.test":                    {do: (*call).authTest},
		"chat.delete":                  {do: (*call).deleteMessage, scope: "chat:write", tier: 3},
		"chat.getPermalink":            {do: (*call).getPermalink},
		"chat.postEphemeral":           {do: (*call).postEphemeral, scope: "chat:write", tier: 4},
		"chat.postMessage":             {do: (*call).postMessage, scope: "chat:write"},
		"chat.update":                  {do: (*call).updateMessage, scope: "chat:write", tier: 3},
		"conversations.history":        {do: (*call).readHistory, scope: "channels:history", tier: 3, history: true},
		"conversations.info":           {do: (*call).channelInfo, scope: "channels:read", tier: 3},
		"conversations.join":           {do: (*call).joinChannel, scope: "channels:join", tier: 3},
		"conversations.members":        {do: (*call).members, scope: "channels:read", tier: 4},
		"conversations.replies":        {do: (*call).readReplies, scope: "channels:history", tier: 3, history: true},
		"files.completeUploadExternal": {do: (*call).completeUpload, scope: "files:write", tier: 4},
		"files.delete":                 {do: (*call).deleteFile, scope: "files:write", tier: 3},
		"files.getUploadURLExternal":   {do: (*call).getUploadURL, scope: "files:write", tier: 4},
		"files.info":                   {do: (*call).fileInfo, scope: "files:read", tier: 4},
		"reactions.add":                {do: (*call).addReaction, scope: "reactions:write", tier: 3},
		"reactions.get":                {do: (*call).getReactions, scope: "reactions:read", tier: 3},
		"reactions.remove":             {do: (*call).removeReaction, scope: "reactions:write", tier: 2},
		"users.info":                   {do: (*call).userInfo, scope: "users:read", tier: 4},
	}
}

func (c *call) authTest() (obj, error) {
	return obj{"url": "https://" + teamDomain + ".slack.com/", "team": "Acme", "user": c.users[c.BotUser].Name, "team_id": c.TeamID,
		"user_id": c.BotUser, "bot_id": c.BotID, "is_enterprise_install": false}, nil
}

func (c *call) userInfo() (obj, error) {
	u := c.users[c.params["user"]]
	if u == nil {
		return nil, fail("user_not_found")
	}
	return obj{"user": wireUser(u, c.TeamID)}, nil
}

// channelOf is the channel of a call that posts or reads.
func (c *call) channelOf(posts bool) (*channel, error) {
	ch := c.channels[c.params["channel"]]
	switch {
	case ch == nil || ch.deleted || ch.private && !ch.member:
		return nil, fail("channel_not_found")
	case posts && ch.archived:
		return nil, fail("is_archived")
	case !ch.member:
		return nil, fail("not_in_channel")
	}
	return ch, nil
}

func (c *call) channelInfo() (obj, error) {
	ch := c.channels[c.params["channel"]]
	if ch == nil || ch.deleted || ch.private && !ch.member {
		return nil, fail("channel_not_found")
	}
	return obj{"channel": ch.wire()}, nil
}

func (c *call) joinChannel() (obj, error) {
	ch := c.channels[c.params["channel"]]
	switch {
	case ch == nil || ch.deleted:
		return nil, fail("channel_not_found")
	case ch.private:
		return nil, fail("method_not_supported_for_channel_type")
	case ch.archived:
		return nil, fail("is_archived")
	case ch.member:
		return obj{"channel": ch.wire(), "warning": "already_in_channel", "response_metadata": obj{"warnings": []string{"already_in_channel"}}}, nil
	}
	c.join(ch)
	return obj{"channel": ch.wire()}, nil
}
