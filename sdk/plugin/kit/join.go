package kit

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// A message of the platform that shows several lines is linked once for each of them,
// under its id with a number: "12#0", "12#1". One more link, under the id alone, says
// which line an answer to it answers: the newest that it shows.
const (
	seam   = "#"
	newest = -1  // the part of that link
	spare  = 100 // room that is left for a name that grows and for words about the delay
)

// messageID is the platform's id of a link's message.
func (f Format) messageID(externalID string) string {
	if !f.Joins {
		return externalID
	}
	id, _, _ := strings.Cut(externalID, seam)
	return id
}

// postAll sends lines, as many as fit in one message. Some may be there after a crash,
// and are left as they are.
func (d *delivery) postAll(ctx context.Context, lines []*plugin.Message) error {
	var together []*plugin.Message
	flush := func() error {
		due := together
		together = nil
		switch len(due) {
		case 0:
			return nil
		case 1:
			return d.postOne(ctx, due[0])
		}
		return d.putJoined(ctx, due)
	}
	for _, m := range lines {
		alone := len(d.linked(m.ID)) > 0 || len(m.Attachments) > 0 || m.Deleted || !d.fits([]*plugin.Message{m})
		if alone || !d.fits(append(slices.Clone(together), m)) {
			if err := flush(); err != nil {
				return err
			}
		}
		if !alone {
			together = append(together, m)
		} else if err := d.postOne(ctx, m); err != nil {
			return err
		}
	}
	return flush()
}

func (d *delivery) fits(lines []*plugin.Message) bool {
	return d.Format.Measure(d.joint(lines, body).String()) <= d.Format.Text-spare
}

// joint is what a message says that shows the lines: the speaker once, and each line on
// one of its own.
func (d *delivery) joint(lines []*plugin.Message, says func(*plugin.Message) string) Text {
	t := d.whole(lines[0], d.label(lines[0]), says(lines[0]))
	for _, m := range lines[1:] {
		t = t.With(Plain, "\n"+says(m))
	}
	return t
}

// putJoined sends the lines as one message. Its key is the first line's: whatever is
// joined when it is sent again begins there.
func (d *delivery) putJoined(ctx context.Context, lines []*plugin.Message) error {
	first := lines[0]
	return d.call(ctx, func(ctx context.Context) error {
		out := d.outgoing(first, piece{text: d.joint(lines, body)})
		out.ReplyTo, out.Key, out.Since = d.replyTo(first), d.key(first.ID, 0, kindText), d.since()
		id, err := d.send(ctx, out)
		if err != nil {
			return err
		}
		for i, m := range lines {
			d.link(plugin.Link{ExternalID: id + seam + strconv.Itoa(i), MessageID: m.ID, Revision: piece{}.revision(m)})
		}
		d.link(plugin.Link{ExternalID: id, MessageID: lines[len(lines)-1].ID, Part: newest})
		return nil
	})
}

// send sends a message. One that a platform found in place of sending it again may show
// other lines than these: those that were joined then.
func (d *delivery) send(ctx context.Context, out Outgoing) (id string, err error) {
	out.Text = d.withDelay(out)
	id, err = d.Platform.Send(ctx, out)
	if _, finds := d.Platform.(Finder); err == nil && finds && d.Format.Joins && out.File == nil && !out.Since.IsZero() {
		CountCall(ctx)
		err = d.Platform.Edit(ctx, id, out)
	}
	return id, err
}

// withDelay is the text, and why it comes late: with one message of the delivery, where
// there is room.
func (d *delivery) withDelay(out Outgoing) Text {
	room := d.Format.Text
	if out.File != nil {
		room = d.Format.Caption
	}
	late := out.Text.With(Italic, "\n"+Clean(d.late))
	if d.late == "" || d.Format.Measure(late.String()) > room {
		return out.Text
	}
	d.late = ""
	return late
}

// share is a line and its link in a message that shows several.
type share struct {
	*plugin.Message
	link plugin.Link
	n    int
}

// joined is the message's link in a message of the platform that shows others too.
func (d *delivery) joined(messageID string) (l plugin.Link, ok bool) {
	l, ok = part(d.linked(messageID), 0)
	return l, ok && d.Format.Joins && strings.Contains(l.ExternalID, seam)
}

// shares are the lines of a message of the platform, but those that were taken out.
func (d *delivery) shares(id string) (shares []share) {
	for _, l := range d.links {
		of, number, joined := strings.Cut(l.ExternalID, seam)
		n, err := strconv.Atoi(number)
		m := d.message(l.MessageID)
		if joined && err == nil && of == id && d.here(l) && !l.Deleted && m != nil {
			shares = append(shares, share{m, l, n})
		}
	}
	slices.SortFunc(shares, func(a, b share) int { return cmp.Compare(a.n, b.n) })
	return shares
}

func (d *delivery) message(id string) *plugin.Message {
	if m := d.e.Message; m != nil && m.ID == id {
		return m
	}
	i := slices.IndexFunc(d.e.Siblings, func(m *plugin.Message) bool { return m.ID == id })
	if i < 0 {
		return nil
	}
	return d.e.Siblings[i]
}

// showJoined makes the message of the platform show its lines as they are now. A line
// that has become too long for it stands there in short, and as a whole in messages of
// its own.
func (d *delivery) showJoined(ctx context.Context, id string) error {
	all := d.shares(id)
	lines := make([]*plugin.Message, 0, len(all))
	for _, s := range all {
		if !s.Deleted {
			lines = append(lines, s.Message)
		}
	}
	if len(lines) == 0 {
		return d.removeJoined(ctx, id, all)
	}
	text, short := d.shortened(all, lines)
	if m := d.e.Message; short[m.ID] {
		if err := d.align(ctx, d.linked(m.ID), 1, d.textPieces(d.whole(m, d.label(m), body(m)), kindText), id); err != nil {
			return err
		}
	}
	err := d.call(ctx, func(ctx context.Context) error {
		err := d.Platform.Edit(ctx, id, d.outgoing(lines[0], piece{text: text}))
		gone := errors.Is(err, ErrMessageGone)
		if err != nil && !gone {
			return err
		}
		for _, s := range all {
			s.link.Deleted = gone || s.Deleted
			if !short[s.ID] || s.ID == d.e.Message.ID {
				s.link.Revision = piece{}.revision(s.Message)
			}
			d.link(s.link)
		}
		d.link(plugin.Link{ExternalID: id, MessageID: lines[len(lines)-1].ID, Part: newest, Deleted: gone})
		return nil
	})
	if err != nil || short[d.e.Message.ID] {
		return err
	}
	return d.removeParts(ctx, d.linked(d.e.Message.ID), 1, surplus)
}

// removeJoined removes a message none of whose lines is left.
func (d *delivery) removeJoined(ctx context.Context, id string, all []share) error {
	if len(all) == 0 {
		return nil
	}
	if err := d.removePart(ctx, plugin.Link{ExternalID: id}); err != nil {
		return err
	}
	for _, s := range all {
		s.link.Deleted = true
		d.link(s.link)
	}
	d.link(plugin.Link{ExternalID: id, MessageID: all[0].ID, Part: newest, Deleted: true})
	return nil
}

// shortened is what the lines say together. When that is too long, those that changed
// since they were joined are cut, that of the event last: what was joined fits.
func (d *delivery) shortened(all []share, lines []*plugin.Message) (t Text, short map[string]bool) {
	short = map[string]bool{}
	if t = d.cut(lines, short, body); d.Format.fits(t) {
		return t, short
	}
	for _, s := range all {
		_, apart := part(d.linked(s.ID), 1)
		short[s.ID] = s.ID != d.e.Message.ID && (apart || s.link.Revision != (piece{}).revision(s.Message))
	}
	for range 2 {
		for _, says := range []func(*plugin.Message) string{brief, dots} {
			if t = d.cut(lines, short, says); d.Format.fits(t) {
				return t, short
			}
		}
		short[d.e.Message.ID] = true
	}
	return t.Split(d.Format.Text, d.Format.Measure)[0], short
}

func brief(m *plugin.Message) string { return CleanName(body(m)) }
func dots(*plugin.Message) string    { return "…" }

// cut is what the lines say together, some of them in short.
func (d *delivery) cut(lines []*plugin.Message, short map[string]bool, says func(*plugin.Message) string) Text {
	return d.joint(lines, func(m *plugin.Message) string {
		if short[m.ID] {
			return says(m)
		}
		return body(m)
	})
}

func (f Format) fits(t Text) bool { return f.Measure(t.String()) <= f.Text }

// editJoined brings a line that is shown with others to its text.
func (d *delivery) editJoined(ctx context.Context, l plugin.Link) error {
	m := d.e.Message
	if l.Deleted || !m.EditedAt.IsZero() && l.Revision == (piece{}).revision(m) {
		return nil
	}
	return d.showJoined(ctx, d.Format.messageID(l.ExternalID))
}
