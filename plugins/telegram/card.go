package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// topicName says who it is and where: "Anna · /pricing".
func (d *delivery) topicName() string {
	s := d.e.Session
	name := visitorName(s)
	if u, err := url.Parse(s.Metadata["url"]); err == nil && u.Path != "" {
		name += " · " + kit.CleanName(u.Path)
	}
	return cutRunes(name, maxTopic)
}

func visitorName(s *plugin.Session) string {
	if name := kit.CleanName(s.Visitor.Name); name != "" {
		return name
	}
	return "Visitor"
}

// The metadata that the card names in words, in this order; what else there is
// follows under its own name.
var labels = []struct{ key, label string }{
	{"title", "Title"}, {"url", "Page"}, {"referrer", "From"}, {"language", "Language"}, {"timezone", "Time zone"},
	{"browser", "Browser"}, {"os", "System"}, {"device", "Device"}, {"screen", "Screen"}, {"userAgent", "Browser"},
}

// Together they stay below what fits in a message. In code points:
const (
	maxValue = 200
	maxLabel = 40
	maxName  = 100
	maxLines = 15
)

// card tells operators who the visitor is and how the session stands.
func (d *delivery) card() text {
	var t text
	s := d.e.Session
	t.bold(cutRunes(calm(visitorName(s)), maxName))
	if s.Status == "closed" {
		t.add(" · closed")
	} else {
		t.add(" · open")
	}
	lines := 0
	add := func(label, value string) {
		value = cutRunes(calm(strings.Join(strings.Fields(kit.Clean(value)), " ")), maxValue)
		if value == "" || lines == maxLines {
			return
		}
		lines++
		t.add("\n")
		t.bold(cutRunes(line(label), maxLabel) + ":")
		t.add(" " + value)
	}
	if s.Visitor.Email != "" {
		add("E-mail", s.Visitor.Email+verified(s.Visitor.Verified))
	}
	known := map[string]bool{}
	for _, l := range labels {
		known[l.key] = true
		add(l.label, s.Metadata[l.key])
	}
	for _, values := range []map[string]string{s.Visitor.Traits, s.Metadata} {
		for _, k := range slices.Sorted(maps.Keys(values)) {
			if !known[k] && k != "name" && k != "email" {
				add(k, values[k])
			}
		}
	}
	t.add("\n")
	t.bold("Session:")
	t.add(" " + s.ID)
	return t
}

func verified(ok bool) string {
	if ok {
		return ""
	}
	return " (unverified)"
}

func (d *delivery) sendCard(ctx context.Context) error {
	card := d.card()
	return d.call(ctx, func() error {
		id, err := d.api.sendText(ctx, sending{topic: d.topic, silent: true}, card)
		if err != nil {
			return err
		}
		d.link(plugin.Link{ExternalID: strconv.Itoa(id), MessageID: d.e.Session.ID, Revision: digest(card)})
		return nil
	})
}

// updateCard edits the card when it would say something else.
func (d *delivery) updateCard(ctx context.Context) error {
	card, known := part(d.linked(d.e.Session.ID), 0)
	now := d.card()
	if !known || card.Deleted || card.Revision == digest(now) {
		return nil
	}
	return d.call(ctx, func() error {
		err := d.api.editText(ctx, messageNumber(card), now)
		switch {
		case saying(err, "message to edit not found", "message can't be edited"):
			card.Deleted = true // somebody removed it; a new one would only surprise
		case err != nil:
			return err
		}
		card.Revision = digest(now)
		d.link(card)
		return nil
	})
}

func digest(t text) string {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, t.body, t.entities) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 36)
}

// settle brings card and topic to what the session is now. A topic that is gone
// needs nothing: the next message makes another.
func (d *delivery) settle(ctx context.Context, change func(ctx context.Context, topic int) error) error {
	if err := d.updateCard(ctx); err != nil {
		return err
	}
	err := d.call(ctx, func() error { return change(ctx, d.topic) })
	if isGone(err) {
		d.unsaved.Gone = d.thread
		return nil
	}
	return err
}

func (d *delivery) rename(ctx context.Context, topic int) error {
	return d.api.renameTopic(ctx, topic, d.topicName())
}
