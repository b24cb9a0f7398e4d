package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// place is the configured channel as Discord showed it last.
type place struct {
	channel
	seen time.Time
}

func (at place) isForum() bool { return at.Type == typeForum || at.Type == typeMedia }

// placeLife is how long what is known of the channel is believed without a word of
// the gateway, which tells of changes.
const placeLife = 10 * time.Minute

// find says what kind of channel is configured.
func (p *platform) find(ctx context.Context) (place, error) {
	p.mu.Lock()
	at := p.place
	p.mu.Unlock()
	if at.ID != "" && time.Since(at.seen) < placeLife {
		return at, nil
	}
	kit.CountCall(ctx)
	return p.findAnew(ctx)
}

func (p *platform) findAnew(ctx context.Context) (place, error) {
	c, err := p.channel(ctx, p.config.ChannelID)
	if err != nil {
		return place{}, channelGone(err)
	}
	if words := wrongKind(c); words != "" {
		return place{}, plugin.Unusable(fmt.Errorf("channel_id names %s: give the id of a forum or of a text channel", words))
	}
	return p.keep(c), nil
}

func (p *platform) keep(c channel) place {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.place = place{channel: c, seen: time.Now()}
	return p.place
}

// forget makes the next call look anew.
func (p *platform) forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.place = place{}
}

// wrongKind says what the channel is when sessions cannot have threads in it.
func wrongKind(c channel) string {
	switch c.Type {
	case typeForum, typeMedia, typeText, typeAnnouncement:
		return ""
	case 4:
		return "a category"
	case 10, 11, 12:
		return "a thread"
	case 2, 13:
		return "a voice channel"
	}
	return fmt.Sprintf("a channel of type %d", c.Type)
}

// ownID is the bot's.
func (p *platform) ownID(ctx context.Context) (string, error) {
	p.mu.Lock()
	self := p.self
	p.mu.Unlock()
	if self != "" {
		return self, nil
	}
	kit.CountCall(ctx)
	me, err := p.me(ctx)
	if err == nil {
		p.know(me)
	}
	return me.ID, err
}

// know keeps who the bot is, so that its own doings are told from others'.
func (p *platform) know(me user) {
	p.echo.Know(me.ID)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.self = me.ID
}

// maxTags is how many a post can have.
const maxTags = 5

// tagsOf are the tags of a session's post: those that it has, without those that
// are no longer right, and one at least where the forum wants that.
func (c Config) tagsOf(at place, closed bool, now []string) []string {
	wanted, other := tagNamed(at, c.OpenTag), tagNamed(at, c.ClosedTag)
	if closed {
		wanted, other = other, wanted
	}
	tags := slices.DeleteFunc(slices.Clone(now), func(id string) bool { return id == other || id == wanted })
	if wanted != "" {
		tags = append([]string{wanted}, tags...)
	}
	if len(tags) == 0 && at.Flags&flagRequireTag != 0 {
		for _, t := range at.Tags {
			if !t.Moderated && t.ID != other {
				tags = []string{t.ID}
				break
			}
		}
	}
	return tags[:min(len(tags), maxTags)]
}

// tagNamed is the id of the forum's tag; empty when there is none.
func tagNamed(at place, name string) string {
	for _, t := range at.Tags {
		if name != "" && (strings.EqualFold(t.Name, name) || t.ID == name) {
			return t.ID
		}
	}
	return ""
}
