package discordtest

import (
	"cmp"
	"slices"
	"time"
)

// The kinds of channels.
const (
	kindText          = 0
	kindPublicThread  = 11
	kindPrivateThread = 12
	kindForum         = 15
)

// guild is the server, as Discord's people call it.
type guild struct {
	name        string
	unavailable bool // an outage
	kicked      bool // the bot is no longer in it
	roles       []*role
	botRoles    []string
	joined      time.Time
}

// channel is a channel of the guild, or a thread in one.
type channel struct {
	id         string
	kind       int
	name       string
	tags       []tag // of a forum
	requireTag bool
	overwrites []overwrite
	deleted    bool
	messages   []*Message // as they were made, deleted ones too
	last       string     // the id of the newest message, or of a forum's newest post

	thread   *Thread // of a thread
	archived time.Time
	active   time.Time // when it was last used
	total    int       // messages ever sent
}

type tag struct{ id, name string }

func (c *channel) isThread() bool { return c.thread != nil }

// found makes the guild with its two channels.
func (s *Server) found() {
	s.GuildID = s.snowflake()
	bot := &User{ID: s.snowflake(), Name: "PocketPing", Bot: true}
	s.BotID, s.AppID = bot.ID, bot.ID
	s.users[bot.ID] = bot
	s.RoleID = s.snowflake()
	s.guild = guild{
		name: "Acme", joined: s.clock.Now(), botRoles: []string{s.RoleID},
		roles: []*role{
			{id: s.GuildID, name: "@everyone", permissions: everyonePermissions},
			{id: s.RoleID, name: bot.Name, permissions: BotPermissions, managed: true},
		},
	}
	forum := s.newChannel(kindForum, "visitors")
	s.ForumID = cmp.Or(s.ForumID, forum.id)
	forum.id, forum.requireTag = s.ForumID, s.settings.requireTag
	for _, name := range s.settings.tags {
		forum.tags = append(forum.tags, tag{s.snowflake(), name})
	}
	text := s.newChannel(kindText, "support")
	s.TextID = text.id
	for _, c := range []*channel{forum, text} {
		s.channels[c.id] = c
		s.order = append(s.order, c.id)
	}
}

func (s *Server) newChannel(kind int, name string) *channel {
	return &channel{id: s.snowflake(), kind: kind, name: name}
}

// TagID is the id of the forum's tag of that name; "" when there is none.
func (s *Server) TagID(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tagID(s.channels[s.ForumID], name)
}

func (s *Server) tagID(forum *channel, name string) string {
	for _, t := range forum.tags {
		if t.name == name {
			return t.id
		}
	}
	return ""
}

// parentOf is the channel of a thread, and any other channel itself.
func (s *Server) parentOf(c *channel) *channel {
	if c.isThread() {
		return s.channels[c.thread.Parent]
	}
	return c
}

// threadOf is the thread as State shows it.
func (s *Server) threadOf(c *channel) Thread {
	t := *c.thread
	t.Tags, t.Deleted = slices.Clone(t.Tags), c.deleted
	return t
}

// live are the channels that are not deleted.
func (s *Server) live(threads bool) []*channel {
	var found []*channel
	for _, id := range s.order {
		if c := s.channels[id]; !c.deleted && c.isThread() == threads {
			found = append(found, c)
		}
	}
	return found
}

// activeThreads are those neither archived nor deleted, the newest first.
func (s *Server) activeThreads() []*channel {
	active := slices.DeleteFunc(s.live(true), func(c *channel) bool { return c.thread.Archived })
	slices.Reverse(active)
	return active
}
