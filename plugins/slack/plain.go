package main

import (
	"cmp"
	"encoding/json"
	"regexp"
	"strings"
)

// says is the message as Slack writes it: its text, or what its blocks or
// attachments say when it has none.
func (m *message) says() string {
	if strings.TrimSpace(m.Text) != "" {
		return m.Text
	}
	if said := strings.TrimSpace(blockText(m.Blocks)); said != "" {
		return said
	}
	var lines []string
	for _, a := range m.Attached {
		if said := cmp.Or(a.Text, a.Fallback); said != "" {
			lines = append(lines, said)
		}
	}
	return strings.Join(lines, "\n")
}

// element is a block, or a part of one, of whatever kind.
type element struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"`
	Elements json.RawMessage `json:"elements"`
	Fields   json.RawMessage `json:"fields"`
	URL      string          `json:"url"`
	User     string          `json:"user_id"`
	Channel  string          `json:"channel_id"`
	Range    string          `json:"range"`
	Name     string          `json:"name"`
	Fallback string          `json:"fallback"`
	Alt      string          `json:"alt_text"`
}

// Elements that stand on lines of their own.
var lineElements = map[string]bool{
	"rich_text_section": true, "rich_text_preformatted": true, "rich_text_quote": true, "section": true, "header": true, "context": true,
	"image": true, "markdown": true,
}

// blockText is what blocks say, in Slack's markup.
func blockText(raw json.RawMessage) string {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return ""
	}
	var b strings.Builder
	for _, item := range list {
		var e element
		if json.Unmarshal(item, &e) != nil && e.Type == "" {
			continue
		}
		b.WriteString(e.says())
		if lineElements[e.Type] {
			b.WriteByte('\n')
		}
	}
	return b.String()
}

func (e element) says() string {
	switch e.Type {
	case "link":
		if said := e.text(); said != "" {
			return "<" + e.URL + "|" + said + ">"
		}
		return "<" + e.URL + ">"
	case "user":
		return "<@" + e.User + ">"
	case "channel":
		return "<#" + e.Channel + ">"
	case "broadcast":
		return "<!" + e.Range + ">"
	case "emoji":
		return ":" + e.Name + ":"
	case "date":
		return escape(e.Fallback)
	case "image":
		return escape(e.Alt)
	case "actions":
		return ""
	}
	return e.text() + blockText(e.Fields) + blockText(e.Elements)
}

// text is an element's own, or that of its text object.
func (e element) text() string {
	var plain string
	if json.Unmarshal(e.Text, &plain) == nil {
		return escape(plain)
	}
	var object struct{ Type, Text string }
	if json.Unmarshal(e.Text, &object) != nil {
		return ""
	}
	if object.Type == "mrkdwn" {
		return object.Text
	}
	return escape(object.Text)
}

var token = regexp.MustCompile(`<([^<>]*)>|:[a-z0-9_+'-]+:(?::skin-tone-[2-6]:)?`)

// unescape is to come last, or what somebody typed as "&lt;@U1&gt;" would become
// a mention.
var unescaper = strings.NewReplacer("&lt;", "<", "&gt;", ">", "&amp;", "&")

// plain is what people read of text in Slack's markup. name is how a user is
// called.
func plain(text string, name func(user string) string) string {
	var b strings.Builder
	rest := text
	for rest != "" {
		at := token.FindStringIndex(rest)
		if at == nil {
			break
		}
		b.WriteString(unescaper.Replace(rest[:at[0]]))
		found := rest[at[0]:at[1]]
		if found[0] == '<' {
			b.WriteString(resolve(found[1:len(found)-1], name))
		} else {
			b.WriteString(emojiOf(found))
		}
		rest = rest[at[1]:]
	}
	b.WriteString(unescaper.Replace(rest))
	return b.String()
}

// resolve is what people read in place of "<inner>".
func resolve(inner string, name func(user string) string) string {
	target, label, labelled := strings.Cut(inner, "|")
	target, label = unescaper.Replace(target), unescaper.Replace(label)
	switch {
	case strings.HasPrefix(target, "@"):
		return "@" + cmp.Or(label, name(target[1:]))
	case strings.HasPrefix(target, "#"):
		return "#" + cmp.Or(label, "channel")
	case strings.HasPrefix(target, "!date^"):
		return label
	case strings.HasPrefix(target, "!subteam^"):
		return "@" + strings.TrimPrefix(cmp.Or(label, "group"), "@")
	case strings.HasPrefix(target, "!"):
		return "@" + strings.TrimPrefix(cmp.Or(label, target[1:]), "@")
	}
	bare := strings.TrimPrefix(target, "mailto:")
	if !labelled || label == target || label == bare || "http://"+label == target || "https://"+label == target {
		return bare
	}
	return label + " (" + bare + ")"
}
