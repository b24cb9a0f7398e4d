package slacktest

import (
	"regexp"
	"slices"
	"strings"
)

const maxEmoji = 23 // distinct ones under a message

// emojiForm is a name without colons, with or without a skin tone.
var emojiForm = regexp.MustCompile(`^[a-z0-9_+'-]+(::skin-tone-[2-6])?$`)

// knownEmoji are names that reactions may have here; custom ones are added with
// AddEmoji.
var knownEmoji = strings.Fields("eyes white_check_mark heavy_check_mark +1 -1 heart tada pray fire wave x question exclamation joy smile " +
	"grinning blush thinking_face clap 100 rocket warning lock unlock speech_balloon hourglass hourglass_flowing_sand bell no_bell " +
	"thumbsup thumbsdown ok_hand raised_hands bulb memo pencil2 star no_entry robot_face slightly_smiling_face")

func (c *call) reactionTarget(user string) (m *Message, name string, err error) {
	ch := c.channels[c.params["channel"]]
	if ch == nil || ch.deleted || !ch.member {
		return nil, "", fail("channel_not_found")
	}
	if ch.archived && user != "" {
		return nil, "", fail("is_archived")
	}
	ts := c.params["timestamp"]
	if ts == "" {
		return nil, "", fail("no_item_specified")
	}
	if !tsForm.MatchString(ts) {
		return nil, "", fail("bad_timestamp")
	}
	if m, err = c.messageAt("timestamp"); err != nil {
		return nil, "", err
	}
	if m.Tombstone {
		return nil, "", fail("not_reactable")
	}
	if parent := c.messages[m.Thread]; user != "" && (m.Locked || parent != nil && parent.Locked) {
		return nil, "", fail("thread_locked")
	}
	return m, c.params["name"], nil
}

func (c *call) goodEmoji(name string) bool {
	base, _, _ := strings.Cut(name, "::")
	return emojiForm.MatchString(name) && (slices.Contains(knownEmoji, base) || slices.Contains(c.emoji, base))
}

func (c *call) addReaction() (obj, error) {
	m, name, err := c.reactionTarget(c.BotUser)
	switch {
	case err != nil:
		return nil, err
	case !c.goodEmoji(name):
		return nil, fail("invalid_name")
	case m.reaction(name) < 0 && len(m.Reactions) >= maxEmoji:
		return nil, fail("too_many_emoji")
	case !c.react(m, c.BotUser, name):
		return nil, fail("already_reacted")
	}
	return obj{}, nil
}

func (c *call) removeReaction() (obj, error) {
	m, name, err := c.reactionTarget(c.BotUser)
	switch {
	case err != nil:
		return nil, err
	case !c.goodEmoji(name):
		return nil, fail("invalid_name")
	case !c.unreact(m, c.BotUser, name):
		return nil, fail("no_reaction")
	}
	return obj{}, nil
}

func (c *call) getReactions() (obj, error) {
	m, _, err := c.reactionTarget("")
	if err != nil {
		return nil, err
	}
	return obj{"type": "message", "channel": m.Channel, "message": c.wireMessage(m)}, nil
}

// AddEmoji gives the workspace an emoji of its own, named without colons.
func (s *Server) AddEmoji(name string) { s.update(func() { s.emoji = append(s.emoji, name) }) }
