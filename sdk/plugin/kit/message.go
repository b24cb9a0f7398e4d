package kit

import (
	"context"
	"errors"
	"strconv"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func (d *delivery) post(ctx context.Context) error {
	if len(d.e.More) == 0 {
		return d.postOne(ctx, d.e.Message)
	}
	return d.postAll(ctx, append([]*plugin.Message{d.e.Message}, d.e.More...))
}

// postOne sends the pieces that are not there yet: some may be, after a crash.
func (d *delivery) postOne(ctx context.Context, m *plugin.Message) error {
	if m.Deleted {
		return d.find(ctx, m)
	}
	there, replyTo := d.linked(m.ID), d.replyTo(m)
	for i, p := range d.pieces(m) {
		if _, ok := part(there, i); ok {
			continue
		}
		if i > 0 {
			replyTo = "" // the first piece says it
		}
		if err := d.put(ctx, m, i, p, replyTo); err != nil {
			return err
		}
	}
	return nil
}

// maxFound bounds the parts that are looked for.
const maxFound = 100

// find links what may be there of a message that was deleted before that was known:
// its delete follows.
func (d *delivery) find(ctx context.Context, m *plugin.Message) error {
	finder, ok := d.Platform.(Finder)
	if !ok || !d.doubted {
		return nil
	}
	search, found := Search{Thread: d.where(), Since: d.since()}, len(d.linked(m.ID))
	for n := found; n < maxFound; n++ {
		var id string
		search.Keys = []string{d.key(m.ID, n, kindText), d.key(m.ID, n, kindFile)}
		err := d.call(ctx, func(ctx context.Context) (err error) {
			id, err = finder.Find(ctx, search)
			return err
		})
		if err != nil || id == "" {
			return err
		}
		d.link(plugin.Link{ExternalID: id, MessageID: m.ID, Part: n})
	}
	return nil
}

// put sends one piece and links it as the message's part n.
func (d *delivery) put(ctx context.Context, m *plugin.Message, n int, p piece, replyTo string) error {
	return d.call(ctx, func(ctx context.Context) error {
		out := d.outgoing(m, p)
		out.ReplyTo, out.Key, out.Since = replyTo, d.key(m.ID, n, p.kind), d.since()
		out.Changed = d.doubted && !m.EditedAt.IsZero()
		id, err := d.send(ctx, out)
		if err != nil {
			return err
		}
		l := plugin.Link{ExternalID: id, MessageID: m.ID, Part: n, Revision: p.revision(m)}
		if out.Changed {
			l.Revision = p.revision(&plugin.Message{}) // it may show what was there before the edit, which follows
		}
		d.link(l)
		return nil
	})
}

func (d *delivery) outgoing(m *plugin.Message, p piece) Outgoing {
	return Outgoing{Thread: d.where(), Text: p.text, File: p.file, Speaker: d.speaker(m)}
}

// fileMark begins the revision of a part that is a file.
const fileMark = "file "

// revision marks what a link shows, so that a repeated edit costs nothing.
func (p piece) revision(m *plugin.Message) string {
	rev := "0"
	if !m.EditedAt.IsZero() {
		rev = strconv.FormatInt(m.EditedAt.UnixMilli(), 10)
	}
	if p.file != nil {
		return fileMark + rev
	}
	return rev
}

// surplus marks a part that was deleted because the text became shorter: it may
// come again, unlike one that somebody removed.
const surplus = "surplus"

// part finds one of the parts; one that is still there goes before one that is not.
func part(parts []plugin.Link, n int) (found plugin.Link, ok bool) {
	for _, l := range parts {
		switch {
		case l.Part != n || l.Deleted && l.Revision == surplus:
		case !l.Deleted:
			return l, true
		default:
			found, ok = l, true
		}
	}
	return found, ok
}

// edit brings the pieces to the message's text: changed ones are edited, missing
// ones sent, surplus ones deleted. An operator's own message, which a bot cannot
// edit, is answered with what the visitor reads now.
func (d *delivery) edit(ctx context.Context) error {
	m := d.e.Message
	there := d.linked(m.ID)
	switch {
	case m.Deleted:
		return nil
	case len(there) == 0:
		doubted := d.doubted
		if err := d.post(ctx); err != nil || !doubted {
			return err
		}
		there = d.linked(m.ID) // and what was there before may say something else
	}
	if l, ok := d.joined(m.ID); ok {
		return d.editJoined(ctx, l)
	}
	if m.Via == d.Host.BridgeID() {
		own := there[0]
		return d.align(ctx, there, own.Part+1, d.correction(m), own.ExternalID)
	}
	return d.align(ctx, there, 0, d.asThere(there, d.pieces(m)), "")
}

// asThere keeps text where text is already: files that came to a message later
// follow it.
func (d *delivery) asThere(there []plugin.Link, pieces []piece) []piece {
	first, ok := part(there, 0)
	if !ok || pieces[0].file == nil || strings.HasPrefix(first.Revision, fileMark) {
		return pieces
	}
	ordered := d.textPieces(d.whole(d.e.Message, d.label(d.e.Message), body(d.e.Message)), kindText)
	for i := range d.e.Message.Attachments {
		ordered = append(ordered, piece{file: &d.e.Message.Attachments[i], kind: kindFile})
	}
	return ordered
}

// align makes the parts from first on show the pieces.
func (d *delivery) align(ctx context.Context, there []plugin.Link, first int, pieces []piece, replyTo string) error {
	for i, p := range pieces {
		if err := d.editPart(ctx, there, first+i, p, replyTo); err != nil {
			return err
		}
	}
	return d.removeParts(ctx, there, first+len(pieces), surplus)
}

func (d *delivery) editPart(ctx context.Context, there []plugin.Link, n int, p piece, replyTo string) error {
	m := d.e.Message
	l, ok := part(there, n)
	switch {
	case !ok:
		return d.put(ctx, m, n, p, replyTo)
	case l.Deleted || !m.EditedAt.IsZero() && l.Revision == p.revision(m):
		return nil
	case p.file != nil && len(p.text) == 0:
		return nil // a file without a caption shows no text
	}
	return d.call(ctx, func(ctx context.Context) error {
		err := d.Platform.Edit(ctx, d.Format.messageID(l.ExternalID), d.outgoing(m, p))
		switch {
		case errors.Is(err, ErrMessageGone):
			l.Deleted = true
		case err != nil:
			return err
		}
		l.Revision = p.revision(m)
		d.link(l)
		return nil
	})
}

// remove takes the message out of the thread.
func (d *delivery) remove(ctx context.Context) error {
	m, from := d.e.Message, 0
	if l, ok := d.joined(m.ID); ok {
		from = 1
		if !l.Deleted {
			if err := d.showJoined(ctx, d.Format.messageID(l.ExternalID)); err != nil {
				return err
			}
		}
	}
	return d.removeParts(ctx, d.linked(m.ID), from, "")
}

// removeParts deletes the parts from one on and marks their links.
func (d *delivery) removeParts(ctx context.Context, parts []plugin.Link, from int, mark string) error {
	for _, l := range parts {
		if l.Part < from || l.Deleted {
			continue
		}
		if err := d.removePart(ctx, l); err != nil {
			return err
		}
		l.Deleted, l.Revision = true, mark
		d.link(l)
	}
	return nil
}

// removePart deletes one message, or blanks it where the platform refuses. What an
// operator wrote there can only be deleted: the refusal tells them to do it.
func (d *delivery) removePart(ctx context.Context, l plugin.Link) error {
	return d.call(ctx, func(ctx context.Context) error {
		err := d.Platform.Remove(ctx, d.where(), l.ExternalID)
		if !isPermanent(err) || d.isOperators(l) {
			return err
		}
		CountCall(ctx)
		err = d.Platform.Edit(ctx, l.ExternalID, Outgoing{Thread: d.where(), Text: Words("(deleted)"), Speaker: d.speaker(d.e.Message)})
		if errors.Is(err, ErrMessageGone) {
			return nil
		}
		return err
	})
}

// isOperators reports whether an operator wrote the platform's message, not we.
func (d *delivery) isOperators(l plugin.Link) bool {
	m := d.e.Message
	own := d.linked(m.ID)
	return m.Via == d.Host.BridgeID() && len(own) > 0 && own[0].ExternalID == l.ExternalID
}
