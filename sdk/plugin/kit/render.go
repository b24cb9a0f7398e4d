package kit

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// piece is one platform message of a message: text, or a file with the text as its
// caption. The files come first, so that a piece keeps its number when only the
// text changes.
type piece struct {
	text Text
	file *plugin.Attachment
	kind string // tells pieces of one number apart
}

// Kinds of pieces.
const (
	kindText = "text"
	kindFile = "file"
)

const empty = "[empty]" // platforms refuse a message without text

func (d *delivery) pieces(m *plugin.Message) []piece {
	label := d.label(m)
	all := d.whole(m, label, body(m))
	if len(m.Attachments) == 0 {
		return d.textPieces(all, kindText)
	}
	caption, rest := label, all
	if d.Format.Measure(all.String()) <= d.Format.Caption {
		caption, rest = all, nil
	}
	var pieces []piece
	for i := range m.Attachments {
		pieces = append(pieces, piece{caption, &m.Attachments[i], kindFile})
		caption = nil
	}
	return append(pieces, d.textPieces(rest, kindText)...)
}

func (d *delivery) textPieces(t Text, kind string) []piece {
	var pieces []piece
	for _, part := range t.Split(d.Format.Text, d.Format.Measure) {
		pieces = append(pieces, piece{text: part, kind: kind})
	}
	return pieces
}

// whole is what the message says with its label, and with what it answers where the
// platform cannot show that.
func (d *delivery) whole(m *plugin.Message, label Text, said string) Text {
	quote := ""
	if m.ReplyText != "" && d.replyTo(m) == "" {
		quote = "↩ " + CleanName(m.ReplyText)
	}
	t := label
	if len(label) > 0 && said+quote != "" {
		t = t.With(Plain, ": ")
	}
	t = t.With(Italic, quote)
	if quote != "" && said != "" {
		t = t.With(Plain, "\n")
	}
	return t.With(Plain, said)
}

// body is what the message says, fit for a platform.
func body(m *plugin.Message) string {
	said := strings.TrimSpace(Clean(m.Text))
	if said == "" && len(m.Attachments) == 0 {
		return empty
	}
	return said
}

// correction is how an operator's own message, which no bot can edit, is shown with
// its new text: in a reply to it, kept as the part after it.
func (d *delivery) correction(m *plugin.Message) []piece {
	t := Text{{Italic, "Edited; the visitor now reads:"}}
	return d.textPieces(t.With(Plain, "\n"+body(m)), "correction "+piece{}.revision(m))
}

// label says who speaks, as far as the platform does not.
func (d *delivery) label(m *plugin.Message) Text {
	var t Text
	if m.Note {
		t = t.With(Plain, "📝 Note")
	}
	if d.Format.Speaks || m.Sender == "system" {
		return t
	}
	if m.Note {
		t = t.With(Plain, " · ")
	}
	t = t.With(Bold, d.nameOf(m))
	if m.Sender == "operator" {
		t = t.With(Plain, " ("+via(m.Via)+")")
	}
	return t
}

func (d *delivery) nameOf(m *plugin.Message) string {
	name := CleanName(m.Name)
	switch {
	case name != "":
		return name
	case m.Sender == "visitor":
		return visitorName(d.e.Session)
	}
	return "Operator"
}

// speaker is who is shown with the message where a platform shows that.
func (d *delivery) speaker(m *plugin.Message) Speaker {
	switch {
	case !d.Format.Speaks || m.Sender == "system":
		return Speaker{}
	case m.Sender == "operator":
		return Speaker{Name: fmt.Sprintf("%s (%s)", d.nameOf(m), via(m.Via)), Avatar: m.Avatar}
	}
	return Speaker{Name: d.nameOf(m)}
}

// via is the short name of a bridge: "inbox" of "acme.inbox".
func via(id string) string { return CleanName(id[strings.LastIndex(id, ".")+1:]) }

// replyTo is the thread's message that this one answers; empty when it is not
// there, or cannot be shown.
func (d *delivery) replyTo(m *plugin.Message) string {
	if m.ReplyTo == "" || !d.Format.Replies {
		return ""
	}
	for _, l := range d.linked(m.ReplyTo) {
		if !l.Deleted {
			return d.Format.messageID(l.ExternalID)
		}
	}
	return ""
}

// fileLine shows a file by its link.
func fileLine(a *plugin.Attachment) string {
	line := fmt.Sprintf("📎 %s (%.1f MB)", FileName(a), float64(a.Size)/(1<<20))
	if a.URL != "" {
		line += ": " + a.URL
	}
	return line
}

// FileName is the attachment's name, fit for a platform and never empty.
func FileName(a *plugin.Attachment) string {
	if name := CleanName(a.Name); name != "" {
		return name
	}
	return "file"
}
