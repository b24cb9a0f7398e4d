package main

import (
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// piece is one Telegram message of a message: text, or a file with the text as its
// caption. The files come first, so that a piece keeps its number when only the
// text changes.
type piece struct {
	text text
	file *plugin.Attachment
}

const empty = "[empty]" // Telegram refuses a message without text

func (d *delivery) pieces(m *plugin.Message) []piece {
	label := d.label(m)
	all := d.whole(m, label)
	if len(m.Attachments) == 0 {
		return textPieces(all)
	}
	fits := kit.CodePoints(all.body) <= maxCaption
	caption := label
	if fits {
		caption = all
	}
	var pieces []piece
	for i := range m.Attachments {
		pieces = append(pieces, piece{caption, &m.Attachments[i]})
		caption = text{}
	}
	if !fits {
		pieces = append(pieces, textPieces(all)...)
	}
	return pieces
}

// whole is the message with its label, and with what it answers where Telegram
// cannot show that.
func (d *delivery) whole(m *plugin.Message, label text) text {
	said, quote := body(m), ""
	if m.ReplyText != "" && d.replyTo(m) == 0 {
		quote = "↩ " + line(m.ReplyText)
	}
	t := label
	if label.body != "" && said+quote != "" {
		t.add(": ")
	}
	t.italic(quote)
	if quote != "" && said != "" {
		t.add("\n")
	}
	t.add(said)
	return t
}

// body is what the message says, fit for Telegram.
func body(m *plugin.Message) string {
	said := strings.TrimSpace(kit.Clean(m.Text))
	if said == "" && len(m.Attachments) == 0 {
		return empty
	}
	if m.Sender == "visitor" {
		return calm(said)
	}
	return said
}

func textPieces(t text) []piece {
	var pieces []piece
	for _, part := range t.split() {
		pieces = append(pieces, piece{text: part})
	}
	return pieces
}

// label says who speaks.
func (d *delivery) label(m *plugin.Message) text {
	var t text
	if m.Note {
		t.add("📝 Note · ")
	}
	name := kit.CleanName(m.Name)
	switch m.Sender {
	case "visitor":
		if name == "" {
			name = visitorName(d.e.Session)
		}
		t.bold(calm(name))
	case "operator":
		if name == "" {
			name = "Operator"
		}
		t.bold(name)
		t.add(" (" + via(m.Via) + ")")
	}
	return t
}

// via is the short name of a bridge: "inbox" of "acme.inbox".
func via(id string) string { return kit.CleanName(id[strings.LastIndex(id, ".")+1:]) }

// replyTo is the topic's message that this one answers; 0 when it is not there.
func (d *delivery) replyTo(m *plugin.Message) int {
	if m.ReplyTo == "" {
		return 0
	}
	for _, l := range d.linked(m.ReplyTo) {
		if !l.Deleted {
			return messageNumber(l)
		}
	}
	return 0
}
