package discordtest

import (
	"slices"
	"time"
)

func (c *call) getChannel() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	return 200, c.wireChannel(ch), nil
}

func (c *call) editChannel() (int, any, error) {
	ch, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	if ch.isThread() {
		return c.editThread(ch)
	}
	if !c.can(ch, ManageChannels) {
		return 0, nil, errNoPermission
	}
	if c.body.has("name") {
		if ch.name, err = c.threadName(); err != nil {
			return 0, nil, err
		}
	}
	if c.body.has("available_tags") {
		c.setTags(ch)
	}
	c.dispatch("CHANNEL_UPDATE", ch, c.wireChannel(ch))
	return 200, c.wireChannel(ch), nil
}

// setTags replaces a forum's tags; those without an id are new.
func (c *call) setTags(forum *channel) {
	forum.tags = nil
	for _, v := range c.body.list("available_tags") {
		f, _ := v.(map[string]any)
		t := tag{form(f).id("id"), form(f).text("name")}
		if t.id == "" {
			t.id = c.snowflake()
		}
		forum.tags = append(forum.tags, t)
	}
}

// editThread checks everything before it changes anything.
func (c *call) editThread(ch *channel) (int, any, error) {
	t := *ch.thread
	archived, named := c.body["archived"].(bool)
	manages := c.can(ch, ManageThreads)
	switch {
	case !manages && (t.Owner != c.BotID || c.body.has("locked") || c.body.has("rate_limit_per_user")):
		return 0, nil, errNoPermission
	case t.Archived && (!named || archived):
		return 0, nil, errArchived
	case !manages && t.Locked && !named:
		return 0, nil, errLocked
	case t.Archived && len(c.activeThreads()) >= c.settings.activeMax:
		return 0, nil, errThreadsFull
	}
	if err := c.fillThread(ch, &t); err != nil {
		return 0, nil, err
	}
	renamed := t.Name != ch.thread.Name
	if renamed {
		b := c.bucketOf("rename", ch.id)
		if wait := b.take(c.settings.limits.Rename, c.clock.Now()); wait > 0 {
			return 0, nil, limited(wait, "user")
		}
	}
	name := t.Name
	t.Name = ch.thread.Name
	if renamed && !t.Archived {
		*ch.thread = t
		c.rename(ch, name, *c.users[c.BotID])
		return 200, c.wireThread(ch), nil
	}
	t.Name = name
	*ch.thread = t
	c.threadChanged(ch)
	return 200, c.wireThread(ch), nil
}

// fillThread puts what the form names into t.
func (c *call) fillThread(ch *channel, t *Thread) error {
	var err error
	if c.body.has("name") {
		if t.Name, err = c.threadName(); err != nil {
			return err
		}
	}
	if d, err := c.autoArchive(); err != nil {
		return err
	} else if d > 0 {
		t.AutoArchive = d
	}
	if c.body.has("applied_tags") {
		if t.Tags, err = c.tagsOf(c.parentOf(ch)); err != nil {
			return err
		}
	}
	if c.body.has("archived") {
		t.Archived = c.body.bool("archived")
	}
	if c.body.has("locked") {
		t.Locked = c.body.bool("locked")
	}
	return nil
}

func (c *call) deleteChannel() (int, any, error) {
	ch, err := c.channel()
	switch {
	case err != nil:
		return 0, nil, err
	case ch.isThread() && !c.can(ch, ManageThreads), !ch.isThread() && !c.can(ch, ManageChannels):
		return 0, nil, errNoPermission
	}
	o := c.wireChannel(ch)
	if ch.isThread() {
		c.removeThread(ch)
	} else {
		c.removeChannel(ch)
	}
	return 200, o, nil
}

// getActive is GET /guilds/{guild}/threads/active, the newest first.
func (c *call) getActive() (int, any, error) {
	if err := c.inGuild(); err != nil {
		return 0, nil, err
	}
	list, members := []obj{}, []obj{}
	for _, ch := range c.activeThreads() {
		if c.can(ch, ViewChannel) {
			list = append(list, c.wireThread(ch))
		}
	}
	return 200, obj{"threads": list, "members": members, "has_more": false}, nil
}

// getArchived lists a channel's archived threads, the last archived first, before
// a moment.
func (c *call) getArchived() (int, any, error) {
	parent, err := c.channel()
	if err != nil {
		return 0, nil, err
	}
	limit, err := c.limit(50, 100)
	if err != nil {
		return 0, nil, err
	}
	if !c.can(parent, ReadHistory) {
		return 0, nil, errNoPermission
	}
	before := time.Time{}
	if text := c.query.Get("before"); text != "" {
		if before, err = time.Parse(time.RFC3339, text); err != nil {
			return 0, nil, badField("before", "DATE_TIME_TYPE_PARSE", "Could not parse "+text+". Should be ISO8601.")
		}
	}
	found := slices.DeleteFunc(c.live(true), func(t *channel) bool {
		return t.thread.Parent != parent.id || !t.thread.Archived || t.kind != kindPublicThread || !before.IsZero() && !t.archived.Before(before)
	})
	slices.SortStableFunc(found, func(a, b *channel) int { return b.archived.Compare(a.archived) })
	list := []obj{}
	for _, t := range found[:min(limit, len(found))] {
		list = append(list, c.wireThread(t))
	}
	return 200, obj{"threads": list, "members": []obj{}, "has_more": len(found) > limit}, nil
}
