package discordtest

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

type obj = map[string]any

func wireTime(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000-07:00")
}

func wireUser(u User) obj {
	o := obj{"id": u.ID, "username": strings.ToLower(u.Name), "global_name": u.Name, "discriminator": "0", "avatar": nil, "public_flags": 0, "flags": 0, "primary_guild": nil}
	if u.Bot {
		o["bot"], o["global_name"], o["username"] = true, nil, u.Name
	}
	return o
}

func (s *Server) wireMember(user string) obj {
	roles := []string{}
	if user == s.BotID {
		roles = s.guild.botRoles
	}
	return obj{
		"nick": nil, "roles": roles, "joined_at": wireTime(s.guild.joined), "deaf": false, "mute": false, "flags": 0, "avatar": nil, "pending": false,
		"banner": nil, "communication_disabled_until": nil, "premium_since": nil,
	}
}

func wireRole(r *role) obj {
	return obj{
		"id": r.id, "name": r.name, "permissions": strconv.FormatInt(int64(r.permissions), 10), "managed": r.managed,
		"color": 0, "hoist": false, "position": 0, "mentionable": false, "flags": 0, "icon": nil, "unicode_emoji": nil,
		"colors": obj{"primary_color": 0, "secondary_color": nil, "tertiary_color": nil},
	}
}

func (s *Server) wireChannel(c *channel) obj {
	if c.isThread() {
		return s.wireThread(c)
	}
	o := obj{
		"id": c.id, "type": c.kind, "guild_id": s.GuildID, "name": c.name, "position": 0, "parent_id": nil, "topic": nil,
		"nsfw": false, "flags": 0, "rate_limit_per_user": 0, "last_message_id": orNull(c.last), "permission_overwrites": wireOverwrites(c.overwrites),
	}
	if c.kind == kindForum {
		tags := []obj{}
		for _, t := range c.tags {
			tags = append(tags, obj{"id": t.id, "name": t.name, "moderated": false, "emoji_id": nil, "emoji_name": nil})
		}
		o["available_tags"], o["default_auto_archive_duration"], o["default_reaction_emoji"] = tags, 4320, nil
		if c.requireTag {
			o["flags"] = flagRequireTag
		}
	}
	return o
}

func wireOverwrites(all []overwrite) []obj {
	list := []obj{}
	for _, o := range all {
		kind := 0
		if o.member {
			kind = 1
		}
		list = append(list, obj{"id": o.id, "type": kind, "allow": strconv.FormatInt(int64(o.allow), 10), "deny": strconv.FormatInt(int64(o.deny), 10)})
	}
	return list
}

func (s *Server) wireThread(c *channel) obj {
	t := c.thread
	tags := []string{}
	for _, name := range t.Tags {
		tags = append(tags, s.tagID(s.parentOf(c), name))
	}
	count := 0
	for _, m := range c.messages {
		if !m.Deleted && m.ID != c.id {
			count++
		}
	}
	o := obj{
		"id": c.id, "type": c.kind, "guild_id": s.GuildID, "parent_id": t.Parent, "owner_id": t.Owner, "name": t.Name, "flags": 0,
		"last_message_id": orNull(c.last), "message_count": count, "total_message_sent": c.total, "member_count": 1, "rate_limit_per_user": 0,
		"thread_metadata": obj{
			"archived": t.Archived, "locked": t.Locked, "archive_timestamp": wireTime(c.archived),
			"auto_archive_duration": int(t.AutoArchive / time.Minute), "create_timestamp": wireTime(t.Created),
		},
	}
	if s.parentOf(c).kind == kindForum {
		o["applied_tags"] = tags
	}
	return o
}

func orNull(id string) any {
	if id == "" {
		return nil
	}
	return id
}

// wireMessage is the message as REST shows it; readable says whether the app may
// see what other people wrote.
func (s *Server) wireMessage(m *Message, readable bool) obj {
	o := s.wireBare(m, readable)
	if m.ReplyTo == "" {
		return o
	}
	o["message_reference"] = obj{"type": 0, "message_id": m.ReplyTo, "channel_id": m.Channel, "guild_id": s.GuildID}
	if m.Type != typeReply {
		return o
	}
	o["referenced_message"] = nil
	if to := s.messages[m.ReplyTo]; to != nil && !to.Deleted {
		o["referenced_message"] = s.wireBare(to, readable)
	}
	return o
}

func (s *Server) wireBare(m *Message, readable bool) obj {
	o := obj{
		"id": m.ID, "type": m.Type, "channel_id": m.Channel, "content": "", "timestamp": wireTime(m.Date), "edited_timestamp": wireTime(m.Edited),
		"author": wireUser(m.Author), "attachments": []obj{}, "embeds": []any{}, "mentions": s.wireMentions(m), "mention_roles": orEmpty(m.roles),
		"mention_everyone": m.everyone, "pinned": m.Pinned, "tts": false, "flags": m.Flags, "components": []obj{},
	}
	if readable || m.Author.ID == s.BotID || slices.Contains(m.mentions, s.BotID) {
		o["content"], o["attachments"], o["embeds"] = m.Content, s.wireFiles(m), append([]any{}, m.Embeds...)
	}
	if m.Webhook != "" {
		o["webhook_id"] = m.Webhook
		o["application_id"] = nil
	}
	if len(m.Reactions) > 0 {
		o["reactions"] = s.wireReactions(m)
	}
	if m.Channel == m.ID { // a forum post's first message knows no thread of its own
		o["position"] = 0
	}
	return o
}

func (s *Server) wireMentions(m *Message) []obj {
	list := []obj{}
	for _, id := range m.mentions {
		if u := s.users[id]; u != nil {
			list = append(list, wireUser(*u))
		}
	}
	return list
}

func orEmpty(list []string) []string { return append([]string{}, list...) }

func (s *Server) wireReactions(m *Message) []obj {
	list := []obj{}
	for _, r := range m.Reactions {
		list = append(list, obj{
			"emoji": wireEmoji(r.Emoji), "count": len(r.Users), "me": slices.Contains(r.Users, s.BotID), "me_burst": false,
			"count_details": obj{"burst": 0, "normal": len(r.Users)}, "burst_colors": []string{},
		})
	}
	return list
}

// wireEmoji is a character, or a custom emoji of "name:id".
func wireEmoji(emoji string) obj {
	if name, id, ok := strings.Cut(emoji, ":"); ok {
		return obj{"id": id, "name": name}
	}
	return obj{"id": nil, "name": emoji}
}
