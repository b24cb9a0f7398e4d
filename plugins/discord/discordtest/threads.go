package discordtest

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

const (
	threadNameMax = 100
	tagsMax       = 5
	autoArchive   = 3 * 24 * time.Hour
)

// newThread makes a thread and tells of it. The zero values of t get defaults.
func (s *Server) newThread(parent *channel, t *Thread) *channel {
	if t.ID == "" {
		t.ID = s.snowflake()
	}
	if t.AutoArchive == 0 {
		t.AutoArchive = autoArchive
	}
	now := s.clock.Now()
	t.Parent, t.Created = parent.id, now
	c := &channel{id: t.ID, kind: kindPublicThread, thread: t, archived: now, active: now}
	if t.Private {
		c.kind = kindPrivateThread
	}
	s.channels[c.id] = c
	s.order = append(s.order, c.id)
	if parent.kind == kindForum {
		parent.last = c.id
	}
	o := s.wireThread(c)
	o["newly_created"] = true
	s.dispatch("THREAD_CREATE", c, o)
	return c
}

// threadChanged tells of a change, and notes the time of archiving.
func (s *Server) threadChanged(c *channel) {
	c.archived = s.clock.Now()
	if !c.thread.Archived {
		c.active = c.archived
	}
	s.dispatch("THREAD_UPDATE", c, s.wireThread(c))
}

// rename also leaves a system message in the thread.
func (s *Server) rename(c *channel, name string, by User) {
	c.thread.Name = name
	s.threadChanged(c)
	s.say(c, &Message{Type: typeRenamed, Author: by, Content: name})
}

func (s *Server) removeThread(c *channel) {
	s.dispatch("THREAD_DELETE", c, obj{"id": c.id, "guild_id": s.GuildID, "parent_id": c.thread.Parent, "type": c.kind})
	s.bury(c)
}

func (s *Server) removeChannel(c *channel) {
	s.dispatch("CHANNEL_DELETE", c, s.wireChannel(c))
	s.bury(c)
	for _, t := range s.live(true) {
		if t.thread.Parent == c.id {
			s.bury(t)
		}
	}
}

func (s *Server) bury(c *channel) {
	c.deleted = true
	for _, m := range c.messages {
		m.Deleted = true
	}
}

// archiveInTime archives threads that nobody used for as long as they ask, until
// the context ends.
func (s *Server) archiveInTime(ctx context.Context) {
	for {
		select {
		case <-s.clock.After(time.Minute):
			s.archiveIdle()
		case <-ctx.Done():
			return
		}
	}
}

func (s *Server) archiveIdle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.activeThreads() {
		if s.clock.Now().Sub(c.active) >= c.thread.AutoArchive {
			c.thread.Archived = true
			s.threadChanged(c)
			s.notify()
		}
	}
}

// createThread is a forum post with its first message, or an empty thread of a
// text channel.
func (c *call) createThread() (int, any, error) {
	parent, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	if parent.kind == kindForum {
		return c.createPost(parent)
	}
	private := c.body.int("type") != kindPublicThread // the default, as documented
	need := CreateThreads
	if private {
		need = CreatePrivate
	}
	t, err := c.draftThread(parent, need)
	if err != nil {
		return 0, nil, err
	}
	t.Private = private
	return 201, c.made(c.newThread(parent, t)), nil
}

func (c *call) createPost(forum *channel) (int, any, error) {
	t, err := c.draftThread(forum, SendMessages)
	if err != nil {
		return 0, nil, err
	}
	if len(c.files) > 0 && !c.can(forum, AttachFiles) {
		return 0, nil, errNoPermission
	}
	if t.Tags, err = c.tagsOf(forum); err != nil {
		return 0, nil, err
	}
	if !c.body.has("message") {
		return 0, nil, badField("message", "BASE_TYPE_REQUIRED", "This field is required")
	}
	m, err := c.draft(forum, c.body.form("message"), User{ID: c.BotID})
	if err != nil {
		return 0, nil, err
	}
	made := c.newThread(forum, t)
	m.ID = made.id
	c.say(made, m)
	o := c.made(made)
	o["message"] = c.wireMessage(m, true)
	return 201, o, nil
}

// createThreadFrom makes a thread of a message; it has the message's id.
func (c *call) createThreadFrom() (int, any, error) {
	parent, m, err := c.messageIn()
	if err != nil {
		return 0, nil, err
	}
	t, err := c.draftThread(parent, CreateThreads)
	switch {
	case err != nil:
		return 0, nil, err
	case c.channels[m.ID] != nil:
		return 0, nil, errHasThread
	}
	t.ID = m.ID
	made := c.newThread(parent, t)
	c.say(made, &Message{Type: typeStarter, Author: *c.users[c.BotID], ReplyTo: m.ID, ID: c.snowflake()})
	return 201, c.made(made), nil
}

// made is a new thread with the bot as its member.
func (c *call) made(t *channel) obj {
	o := c.wireThread(t)
	o["member"] = obj{"id": t.id, "user_id": c.BotID, "join_timestamp": wireTime(t.thread.Created), "flags": 0}
	return o
}

// draftThread checks what all new threads need.
func (c *call) draftThread(parent *channel, need Permission) (*Thread, error) {
	name, err := c.threadName()
	switch {
	case err != nil:
		return nil, err
	case parent.isThread():
		return nil, errChannelType
	case !c.can(parent, need):
		return nil, errNoPermission
	case len(c.activeThreads()) >= c.settings.activeMax:
		return nil, errThreadsFull
	}
	t := &Thread{Name: name, Owner: c.BotID}
	t.AutoArchive, err = c.autoArchive()
	return t, err
}

func (c *call) threadName() (string, error) {
	name := strings.TrimSpace(c.body.text("name"))
	if n := utf8.RuneCountInString(name); n < 1 || n > threadNameMax {
		return "", badField("name", "BASE_TYPE_BAD_LENGTH", "Must be between 1 and 100 in length.")
	}
	return name, nil
}

func (c *call) autoArchive() (time.Duration, error) {
	if !c.body.has("auto_archive_duration") || c.body.int("auto_archive_duration") == 0 {
		return 0, nil
	}
	minutes := c.body.int("auto_archive_duration")
	if !slices.Contains([]int{60, 1440, 4320, 10080}, minutes) {
		return 0, badField("auto_archive_duration", "BASE_TYPE_CHOICES", "Value must be one of {60, 1440, 4320, 10080}.")
	}
	return time.Duration(minutes) * time.Minute, nil
}

// tagsOf are the names of the tags that the form applies.
func (c *call) tagsOf(forum *channel) ([]string, error) {
	ids := c.body.ids("applied_tags")
	if len(ids) > tagsMax {
		return nil, badField("applied_tags", "BASE_TYPE_MAX_LENGTH", "Must be 5 or fewer in length.")
	}
	var names []string
	for _, id := range ids {
		i := slices.IndexFunc(forum.tags, func(t tag) bool { return t.id == id })
		if i < 0 {
			return nil, badField("applied_tags", "FORUM_TAG_INVALID", "Unknown tag")
		}
		names = append(names, forum.tags[i].name)
	}
	if forum.requireTag && len(names) == 0 {
		return nil, errTagRequired
	}
	return names, nil
}

// joinThread is for both joining and leaving: who is a member changes nothing here.
func (c *call) joinThread() (int, any, error) {
	ch, err := c.channel()
	switch {
	case err != nil:
		return 0, nil, err
	case !ch.isThread():
		return 0, nil, errChannelType
	case ch.thread.Archived:
		return 0, nil, errArchived
	}
	return 204, nil, nil
}
