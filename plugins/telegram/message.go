package main

import (
	"context"
	"errors"
	"strconv"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// post sends the pieces that are not there yet: some may be, after a crash.
func (d *delivery) post(ctx context.Context) error {
	m := d.e.Message
	if m.Deleted {
		return nil
	}
	there, replyTo := d.linked(m.ID), d.replyTo(m)
	for i, p := range d.pieces(m) {
		if _, ok := part(there, i); ok {
			continue
		}
		if i > 0 {
			replyTo = 0 // the first piece says it
		}
		if err := d.put(ctx, m, i, p, replyTo); err != nil {
			return err
		}
	}
	return nil
}

// put sends one piece and links it as the message's part n.
func (d *delivery) put(ctx context.Context, m *plugin.Message, n int, p piece, replyTo int) error {
	where := sending{topic: d.topic, replyTo: replyTo}
	return d.call(ctx, func() error {
		id, err := d.send(ctx, where, p)
		if err != nil {
			return err
		}
		d.link(plugin.Link{ExternalID: strconv.Itoa(id), MessageID: m.ID, Part: n, Revision: revision(m)})
		return nil
	})
}

func (d *delivery) send(ctx context.Context, where sending, p piece) (int, error) {
	if p.file != nil {
		return d.sendFile(ctx, where, p)
	}
	return d.api.sendText(ctx, where, p.text)
}

// revision marks what a link shows, so that a repeated edit costs nothing.
func revision(m *plugin.Message) string {
	if m.EditedAt.IsZero() {
		return "0"
	}
	return strconv.FormatInt(m.EditedAt.UnixMilli(), 10)
}

// edit brings the pieces to the message's text: changed ones are edited, missing
// ones sent, surplus ones deleted.
func (d *delivery) edit(ctx context.Context) error {
	m := d.e.Message
	there := d.linked(m.ID)
	switch {
	case m.Deleted:
		return nil
	case len(there) == 0:
		return d.post(ctx)
	}
	if m.Via == d.host.BridgeID() {
		own := there[0]
		return d.align(ctx, there, own.Part+1, correction(m), messageNumber(own))
	}
	return d.align(ctx, there, 0, d.pieces(m), 0)
}

// align makes the parts from first on show the pieces.
func (d *delivery) align(ctx context.Context, there []plugin.Link, first int, pieces []piece, replyTo int) error {
	for i, p := range pieces {
		if err := d.editPart(ctx, there, first+i, p, replyTo); err != nil {
			return err
		}
	}
	return d.removeParts(ctx, there, first+len(pieces), surplus)
}

// correction is how an operator's own Telegram message, which no bot can edit, is
// shown with its new text: in a reply to it, kept as the part after it.
func correction(m *plugin.Message) []piece {
	var t text
	t.italic("Edited; the visitor now reads:")
	return textPieces(t.with("\n" + body(m)))
}

func (d *delivery) editPart(ctx context.Context, there []plugin.Link, n int, p piece, replyTo int) error {
	m := d.e.Message
	l, ok := part(there, n)
	switch {
	case !ok:
		return d.put(ctx, m, n, p, replyTo)
	case l.Deleted || !m.EditedAt.IsZero() && l.Revision == revision(m):
		return nil
	case p.file != nil && p.text.body == "":
		return nil // a file without a caption shows no text
	}
	return d.call(ctx, func() error {
		err := d.rewrite(ctx, messageNumber(l), p)
		switch {
		case saying(err, "message to edit not found", "message can't be edited"):
			l.Deleted = true // somebody removed it
		case err != nil:
			return err
		}
		l.Revision = revision(m)
		d.link(l)
		return nil
	})
}

// rewrite edits a text or a caption, whichever the message has: a file that was
// too large went as text.
func (d *delivery) rewrite(ctx context.Context, message int, p piece) error {
	if p.file == nil {
		err := d.api.editText(ctx, message, p.text)
		if saying(err, "no text in the message") {
			return d.api.editCaption(ctx, message, p.text)
		}
		return err
	}
	err := d.api.editCaption(ctx, message, p.text)
	if saying(err, "no caption in the message") {
		return d.api.editText(ctx, message, fileAsText(p))
	}
	return err
}

// remove takes the message out of the topic.
func (d *delivery) remove(ctx context.Context) error {
	return d.removeParts(ctx, d.linked(d.e.Message.ID), 0, "")
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

// removePart deletes one message, or blanks it where Telegram refuses.
func (d *delivery) removePart(ctx context.Context, l plugin.Link) error {
	if err := d.record(ctx); err != nil {
		return err
	}
	err := d.api.remove(ctx, messageNumber(l))
	if isPermanent(err) {
		return d.blank(ctx, l)
	}
	return err
}

var errCannotDelete = errors.New("the bot may not delete an operator's message in Telegram: give it the right “Delete messages”, or delete it there yourself")

func (d *delivery) blank(ctx context.Context, l plugin.Link) error {
	return d.call(ctx, func() error {
		err := d.rewrite(ctx, messageNumber(l), piece{text: plain("(deleted)")})
		switch {
		case saying(err, "message to edit not found"):
			return nil
		case saying(err, "message can't be edited"):
			return plugin.Permanent(errCannotDelete)
		}
		return err
	})
}
