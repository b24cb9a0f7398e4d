package telegramtest

// method is one of the Bot API's.
type method struct {
	do     func(*call) (any, error)
	inChat bool // it takes chat_id, and the bot must be there
	counts bool // it counts against the group's quota
	waits  bool // it is called without the lock
}

// methods are by name in small letters: Telegram does not mind the case.
var methods map[string]method

func init() {
	methods = map[string]method{
		"getme":               {do: (*call).getMe},
		"getchat":             {do: (*call).getChat, inChat: true},
		"getchatmember":       {do: (*call).getChatMember, inChat: true},
		"createforumtopic":    {do: (*call).createForumTopic, inChat: true, counts: true},
		"editforumtopic":      {do: (*call).editForumTopic, inChat: true, counts: true},
		"closeforumtopic":     {do: (*call).closeForumTopic, inChat: true, counts: true},
		"reopenforumtopic":    {do: (*call).reopenForumTopic, inChat: true, counts: true},
		"deleteforumtopic":    {do: (*call).deleteForumTopic, inChat: true},
		"sendmessage":         {do: (*call).sendMessage, inChat: true, counts: true},
		"sendmediagroup":      {do: (*call).sendMediaGroup, inChat: true, counts: true},
		"editmessagetext":     {do: (*call).editMessageText, inChat: true, counts: true},
		"editmessagecaption":  {do: (*call).editMessageCaption, inChat: true, counts: true},
		"deletemessage":       {do: (*call).deleteMessage, inChat: true},
		"deletemessages":      {do: (*call).deleteMessages, inChat: true},
		"setmessagereaction":  {do: (*call).setMessageReaction, inChat: true},
		"sendchataction":      {do: (*call).sendChatAction, inChat: true},
		"getfile":             {do: (*call).getFile},
		"getupdates":          {do: (*call).getUpdates, waits: true},
		"setwebhook":          {do: (*call).setWebhook},
		"deletewebhook":       {do: (*call).deleteWebhook},
		"getwebhookinfo":      {do: (*call).getWebhookInfo},
		"setmycommands":       {do: (*call).accept},
		"answercallbackquery": {do: (*call).accept},
	}
	for _, kind := range []string{"photo", "document", "video", "audio", "voice", "animation", "sticker"} {
		methods["send"+kind] = method{do: func(c *call) (any, error) { return c.sendFile(kind) }, inChat: true, counts: true}
	}
}

// accept is for calls that nothing here depends on.
func (c *call) accept() (any, error) { return true, nil }

func (c *call) checkChat() error {
	switch id := c.int("chat_id"); {
	case c.text("chat_id") == "":
		return badRequest("chat_id is empty")
	case c.chat.was != 0 && id == c.chat.was:
		return &Error{Code: 400, Description: "Bad Request: group chat was upgraded to a supergroup chat", MigrateTo: c.chat.id}
	case id != c.chat.id:
		return badRequest("chat not found")
	case c.chat.status == "kicked":
		return &Error{Code: 403, Description: "Forbidden: bot was kicked from the supergroup chat"}
	case c.chat.status == "left":
		return &Error{Code: 403, Description: "Forbidden: bot is not a member of the supergroup chat"}
	}
	return nil
}

func (s *Server) bot() User {
	return User{ID: s.BotID, Name: "Bridge", Username: "simulated_bridge_bot", Bot: true}
}

func (c *call) getMe() (any, error) {
	me := wireUser(c.bot())
	me["can_join_groups"], me["can_read_all_group_messages"], me["supports_inline_queries"] = true, false, false
	return me, nil
}

func (c *call) getChat() (any, error) {
	info := c.wireChat()
	info["permissions"] = obj{"can_send_messages": true}
	info["accepted_gift_types"] = obj{"unlimited_gifts": false}
	info["max_reaction_count"], info["accent_color_id"] = 11, 0
	if c.chat.hasEmoji {
		kinds := []obj{}
		for _, e := range c.chat.emoji {
			kinds = append(kinds, obj{"type": "emoji", "emoji": e})
		}
		info["available_reactions"] = kinds
	}
	return info, nil
}

func (c *call) getChatMember() (any, error) {
	if c.int("user_id") == c.BotID {
		return c.wireMember(c.chat.status), nil
	}
	for _, u := range c.users {
		if u.ID == c.int("user_id") {
			return obj{"status": "member", "user": wireUser(u)}, nil
		}
	}
	return nil, badRequest("PARTICIPANT_ID_INVALID")
}

// wireMember is the bot's membership.
func (s *Server) wireMember(status string) obj {
	m := obj{"status": status, "user": wireUser(s.bot())}
	switch status {
	case "administrator":
		m["can_be_edited"], m["is_anonymous"], m["can_manage_chat"] = false, false, true
		m["can_manage_topics"], m["can_delete_messages"] = s.chat.topics, s.chat.deletes
	case "kicked":
		m["until_date"] = 0
	}
	return m
}
