package slacktest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// Rendered is a message as people see it.
type Rendered struct {
	Text     string // plain, without markup; buttons are apart
	Spans    []Span // what is formatted
	Links    []Link
	Mentions []Mention // whom it calls
	Emoji    []string  // names that are shown as pictures; Text has them as ":name:"
	Buttons  []Button
}

// Span is a piece of a text that is formatted.
type Span struct {
	Style string // bold, italic, strike, code, pre, quote, list, header
	Text  string
}

// Link is a piece of a text that leads somewhere.
type Link struct {
	URL  string
	Text string
}

// Mention is a piece of a text that calls somebody, or names a channel.
type Mention struct {
	Kind string // user, group, channel, broadcast (ID is here, channel or everyone), name (typed, with link_names)
	ID   string
	Text string
}

// Button is one that people may click.
type Button struct {
	Text     string
	ActionID string
	BlockID  string
	Value    string
	URL      string
}

// Render shows what people see of a text and blocks (nil: none), as the simulator
// does with every message.
func Render(text string, blocks json.RawMessage) Rendered {
	r := renderer{}
	r.message(&Message{Text: text, Blocks: blocks})
	return r.Rendered
}

// renderer gathers what people see.
type renderer struct {
	Rendered
	name  func(id string) string // of a user or channel; nil: the id
	lines []string
}

// see looks at the message again. It needs s.mu.
func (s *Server) see(m *Message) {
	r := renderer{name: func(id string) string {
		if u := s.users[id]; u != nil {
			return u.shown()
		}
		if c := s.channels[id]; c != nil {
			return c.name
		}
		return id
	}}
	r.message(m)
	m.Rendered = r.Rendered
}

func (r *renderer) message(m *Message) {
	switch {
	case len(m.Blocks) > 0:
		r.blocks(m.Blocks)
	case m.plain:
		r.show([]chunk{{"section", tokens(m.Text, code)}}, true)
	default:
		r.show(mrkdwn(m.Text), false)
	}
	if m.parse == "full" && len(m.Blocks) == 0 {
		r.typedNames(m.Text)
	}
	r.attachments(m.Attachments)
	r.Text = strings.Join(r.lines, "\n")
}

var typedName = regexp.MustCompile(`(?:^|[^\w&;])@([a-zA-Z][\w.-]*)`)

// typedNames finds the names that link_names or parse=full makes mentions of.
func (r *renderer) typedNames(text string) {
	for _, found := range typedName.FindAllStringSubmatch(text, -1) {
		kind := "name"
		switch found[1] {
		case "here", "channel", "everyone":
			kind = "broadcast"
		}
		r.Mentions = append(r.Mentions, Mention{kind, found[1], "@" + found[1]})
	}
}

// show adds chunks; in plain ones a style means nothing.
func (r *renderer) show(chunks []chunk, plain bool) {
	for _, c := range chunks {
		var all strings.Builder
		open := map[string]*strings.Builder{}
		for _, p := range c.pieces {
			text := r.piece(p)
			all.WriteString(text)
			if plain {
				continue
			}
			for _, name := range []string{"bold", "italic", "strike", "code"} {
				if p.style&styles[name] == 0 {
					r.endSpan(open, name)
				} else {
					if open[name] == nil {
						open[name] = &strings.Builder{}
					}
					open[name].WriteString(text)
				}
			}
		}
		for _, name := range []string{"bold", "italic", "strike", "code"} {
			r.endSpan(open, name)
		}
		if c.kind != "section" {
			r.Spans = append(r.Spans, Span{c.kind, all.String()})
		}
		r.lines = append(r.lines, all.String())
	}
}

func (r *renderer) endSpan(open map[string]*strings.Builder, name string) {
	if b := open[name]; b != nil {
		r.Spans = append(r.Spans, Span{name, b.String()})
		delete(open, name)
	}
}

// piece is how the piece reads; what it does is noted.
func (r *renderer) piece(p piece) string {
	switch p.kind {
	case "link":
		r.Links = append(r.Links, Link{p.id, p.text})
	case "emoji":
		r.Emoji = append(r.Emoji, p.id)
	case "user", "channel", "group", "broadcast":
		if p.text == "" {
			p.text = p.id
			if r.name != nil {
				p.text = r.name(p.id)
			}
			p.text = map[string]string{"user": "@", "channel": "#"}[p.kind] + p.text
		}
		r.Mentions = append(r.Mentions, Mention{p.kind, p.id, p.text})
	}
	return p.text
}
