package slacktest

import (
	"regexp"
	"strings"
)

var emojiName = regexp.MustCompile(`:([a-z0-9_+'-]*[a-z+][a-z0-9_+'-]*|-1):`)

// tokens reads <…>, :emoji: and escapes, and no other markup.
func tokens(text string, look style) []piece {
	var pieces []piece
	for text != "" {
		open := strings.IndexByte(text, '<')
		end := -1
		if open >= 0 {
			end = strings.IndexByte(text[open:], '>')
		}
		if end < 0 {
			return append(pieces, emojis(text, look)...)
		}
		pieces = append(pieces, emojis(text[:open], look)...)
		p := token(text[open+1 : open+end])
		p.style = look
		pieces = append(pieces, p)
		text = text[open+end+1:]
	}
	return pieces
}

func emojis(text string, look style) []piece {
	var pieces []piece
	add := func(kind, s, id string) {
		if s != "" {
			pieces = append(pieces, piece{kind, unescape(s), id, look})
		}
	}
	if look&code != 0 {
		add("text", text, "")
		return pieces
	}
	last := 0
	for _, at := range emojiName.FindAllStringSubmatchIndex(text, -1) {
		add("text", text[last:at[0]], "")
		add("emoji", text[at[0]:at[1]], text[at[2]:at[3]])
		last = at[1]
	}
	add("text", text[last:], "")
	return pieces
}

// token is what stands between < and >.
func token(inside string) piece {
	id, label, labelled := strings.Cut(inside, "|")
	label = unescape(label)
	or := func(name string) string {
		if labelled && label != "" {
			return label
		}
		return name
	}
	switch {
	case strings.HasPrefix(id, "@"):
		return piece{kind: "user", id: id[1:], text: or("")}
	case strings.HasPrefix(id, "#"):
		return piece{kind: "channel", id: id[1:], text: or("")}
	case strings.HasPrefix(id, "!subteam^"):
		return piece{kind: "group", id: strings.TrimPrefix(id, "!subteam^"), text: or("@group")}
	case strings.HasPrefix(id, "!date^"):
		return piece{kind: "text", text: label}
	case strings.HasPrefix(id, "!"):
		return piece{kind: "broadcast", id: id[1:], text: "@" + id[1:]}
	}
	return piece{kind: "link", id: unescape(id), text: or(unescape(id))}
}

var (
	escaper   = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	unescaper = strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">")
)

func escape(s string) string   { return escaper.Replace(s) }
func unescape(s string) string { return unescaper.Replace(s) }
