package kit

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// threadName says who it is and where: "Anna · /pricing".
func (d *delivery) threadName() string {
	s := d.e.Session
	name := visitorName(s)
	if u, err := url.Parse(s.Metadata["url"]); err == nil && u.Path != "" {
		name += " · " + CleanName(u.Path)
	}
	return cutRunes(name, d.Format.Name)
}

func visitorName(s *plugin.Session) string {
	if name := CleanName(s.Visitor.Name); name != "" {
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

// In code points:
const (
	maxValue = 200
	maxLabel = 40
	maxName  = 100
	maxLines = 15
)

// card tells operators who the visitor is and how the session stands. Lines that
// do not fit are left out.
func (d *delivery) card() Text {
	s := d.e.Session
	state := stateOpen
	if s.Status == "closed" {
		state = stateClosed
	}
	t := Text{{Bold, cutRunes(visitorName(s), maxName)}, {Plain, state + "\n"}, {Bold, "Session:"}, {Plain, " " + s.ID}}
	if projects := d.Host.Projects(); len(projects) > 1 {
		t = t.With(Plain, "\n").With(Bold, "Project:").With(Plain, " "+projectName(projects, s.ProjectID))
	}
	lines := 0
	for label, value := range facts(s) {
		label, value = cutRunes(CleanName(label), maxLabel), cutRunes(strings.Join(strings.Fields(Clean(value)), " "), maxValue)
		if label == "" || value == "" || lines == maxLines {
			continue
		}
		longer := t.With(Plain, "\n").With(Bold, label+":").With(Plain, " "+value)
		if d.Format.Measure(longer.String()) > d.Format.Text {
			break
		}
		t = longer
		lines++
	}
	return t
}

// projectName tells the projects of a shared bridge apart.
func projectName(projects []plugin.Project, id string) string {
	for _, p := range projects {
		if p.ID == id {
			return cutRunes(CleanName(cmp.Or(p.Name, p.Slug)), maxName)
		}
	}
	return id
}

// How the card's first line ends.
const (
	stateOpen   = " · open"
	stateClosed = " · closed"
)

// CardSays reads from a card's text, as the platform has it, whether it shows a
// closed session: what was last delivered of it. ok is false for what is no card.
func CardSays(text string) (closed, ok bool) {
	line, _, _ := strings.Cut(text, "\n")
	closed = strings.HasSuffix(line, stateClosed)
	return closed, closed || strings.HasSuffix(line, stateOpen)
}

// facts are what is known of the session's visitor, the most telling first.
func facts(s *plugin.Session) func(yield func(label, value string) bool) {
	return func(yield func(label, value string) bool) {
		if !s.Visitor.Verified && !yield("Name", said(s.Visitor, s.Visitor.Name)) || !yield("E-mail", said(s.Visitor, s.Visitor.Email)) {
			return
		}
		known := map[string]bool{"name": true, "email": true}
		for _, l := range labels {
			known[l.key] = true
			if !yield(l.label, s.Metadata[l.key]) {
				return
			}
		}
		for _, k := range slices.Sorted(maps.Keys(s.Visitor.Traits)) {
			if !known[k] && !yield(k, said(s.Visitor, s.Visitor.Traits[k])) {
				return
			}
		}
		for _, k := range slices.Sorted(maps.Keys(s.Metadata)) {
			if !known[k] && !yield(k, s.Metadata[k]) {
				return
			}
		}
	}
}

// said is what the visitor says of themselves, so marked unless their site has signed
// it; the mark stays however long the value is.
func said(v plugin.Visitor, value string) string {
	const mark = " (unverified)"
	value = strings.Join(strings.Fields(Clean(value)), " ")
	if value == "" || v.Verified {
		return value
	}
	return cutRunes(value, maxValue-len(mark)) + mark
}

func (d *delivery) sendCard(ctx context.Context) error {
	card := d.card()
	return d.call(ctx, func(ctx context.Context) error {
		id, err := d.Platform.Send(ctx, Outgoing{
			Thread: d.where(), Text: card, Card: true, Quiet: true, Key: d.key("card", d.thread), Since: d.since(),
		})
		if err != nil {
			return err
		}
		d.link(plugin.Link{ExternalID: id, MessageID: d.e.Session.ID, Revision: digest(card)})
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
	return d.call(ctx, func(ctx context.Context) error {
		err := d.Platform.Edit(ctx, card.ExternalID, Outgoing{Thread: d.where(), Text: now, Card: true})
		switch {
		case errors.Is(err, ErrMessageGone):
			card.Deleted = true // a new one would only surprise
		case err != nil:
			return err
		}
		card.Revision = digest(now)
		d.link(card)
		return nil
	})
}

func digest(t Text) string {
	h := fnv.New64a()
	_, _ = fmt.Fprint(h, t) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 36)
}

// cutRunes cuts s to n code points.
func cutRunes(s string, n int) string {
	if CodePoints(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
