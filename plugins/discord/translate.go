package main

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// meaning is what a message asks of the bridge; the zero value asks nothing.
type meaning struct {
	inbound *plugin.Inbound
	files   []attachment // to fetch for the inbound
	partial bool         // the event does not hold all of the message: it is to be read
}

// kept is an event that nothing here understands.
func kept(e event) plugin.Inbound {
	return plugin.Inbound{EffectKey: "x:" + e.Type + ":" + hash(e.Data), Kind: plugin.InboundRaw, Raw: e.Data}
}

func hash(b []byte) string {
	h := fnv.New64a()
	_, _ = h.Write(b) // a hash takes everything
	return strconv.FormatUint(h.Sum64(), 36)
}

// isPersons reports whether an operator wrote the message: no bot, no webhook, and
// not Discord itself.
func (m message) isPersons() bool {
	return m.Author != nil && !m.Author.Bot && m.WebhookID == "" && (m.Type == typeNormal || m.Type == typeReply)
}

// posted is what a new message means.
func (p *people) posted(m message) meaning {
	if !m.isPersons() {
		return meaning{}
	}
	in := p.inbound(m)
	in.Kind, in.EffectKey, in.Revision = plugin.InboundMessage, "m:"+m.ID, revisionOf(m.Edited)
	return meaning{inbound: &in, files: m.files()}
}

// files are the message's, and those that it forwards.
func (m message) files() []attachment {
	files := m.Attachments
	for _, s := range m.Snapshots {
		files = append(files[:len(files):len(files)], s.Message.Attachments...)
	}
	return files
}

// edited is what a changed message means. Discord also reports previews and pins
// so, and not always the whole message.
func (p *people) edited(m message) meaning {
	revision := revisionOf(m.Edited)
	switch {
	case m.Author == nil || m.Content == nil:
		return meaning{partial: revision != ""}
	case revision == "" || !m.isPersons():
		return meaning{}
	}
	in := p.inbound(m)
	in.Kind, in.EffectKey, in.Revision = plugin.InboundEdit, "e:"+m.ID+":"+revision, revision
	return meaning{inbound: &in}
}

func deleted(thread, id string) plugin.Inbound {
	return plugin.Inbound{Kind: plugin.InboundDelete, EffectKey: "d:" + id, Thread: thread, ExternalID: id}
}

func (p *people) inbound(m message) plugin.Inbound {
	in := plugin.Inbound{Thread: m.ChannelID, ExternalID: m.ID, Text: p.says(m), Operator: p.operator(m)}
	if m.Type == typeReply && m.Reference != nil && cmp.Or(m.Reference.ChannelID, m.ChannelID) == m.ChannelID {
		in.ReplyTo = m.Reference.MessageID
	}
	return in
}

// operator is who wrote, as people see them in the server.
func (p *people) operator(m message) plugin.Operator {
	if m.Member == nil { // REST does not tell it
		return operatorOf(*m.Author, p.nick(m.Author.ID))
	}
	p.know(m.Author.ID, m.Member.Nick)
	return operatorOf(*m.Author, m.Member.Nick)
}

func operatorOf(u user, nick string) plugin.Operator {
	o := plugin.Operator{ID: u.ID, Name: cmp.Or(nick, u.Global, u.Name, "Operator")}
	if u.Avatar != "" {
		o.Avatar = "https://cdn.discordapp.com/avatars/" + u.ID + "/" + u.Avatar + ".png?size=128"
	}
	return o
}

// says is the message in words that a visitor can read.
func (p *people) says(m message) string {
	var lines []string
	add := func(s string) {
		if s != "" {
			lines = append(lines, s)
		}
	}
	if m.Content != nil {
		add(p.readable(*m.Content, m.Mentions))
	}
	for _, s := range m.Stickers {
		add("(sticker: " + cmp.Or(s.Name, "?") + ")")
	}
	if m.Poll != nil && m.Poll.Question.Text != "" {
		add("📊 " + m.Poll.Question.Text)
		for _, a := range m.Poll.Answers {
			add("• " + a.Media.Text)
		}
	}
	for _, s := range m.Snapshots {
		add(strings.TrimSuffix("↪ "+p.says(s.Message), " "))
	}
	if len(lines) == 0 && len(m.files()) == 0 {
		for _, e := range m.Embeds {
			add(cmp.Or(e.Title, e.Description, e.URL))
		}
	}
	return strings.Join(lines, "\n")
}

var markup = regexp.MustCompile(`<(@[!&]?|#|a?:\w+:|t:|/[^:<>]+:)(-?\d+)(?::([A-Za-z]))?>|<(https?://[^\s<>]+)>`)

// readable puts words in place of what only Discord can show.
func (p *people) readable(s string, mentioned []user) string {
	return markup.ReplaceAllStringFunc(s, func(found string) string {
		part := markup.FindStringSubmatch(found)
		kind, id := part[1], part[2]
		switch {
		case part[4] != "":
			return part[4]
		case kind == "@" || kind == "@!":
			return "@" + cmp.Or(p.nick(id), nameIn(mentioned, id), "somebody")
		case kind == "@&":
			return "@" + cmp.Or(p.name(id), "role")
		case kind == "#":
			return "#" + cmp.Or(p.name(id), "channel")
		case kind == "t:":
			return moment(id, found)
		case strings.HasPrefix(kind, "/"):
			return strings.TrimSuffix(kind, ":")
		}
		return strings.TrimPrefix(kind, "a") // an emoji
	})
}

func nameIn(users []user, id string) string {
	for _, u := range users {
		if u.ID == id {
			return cmp.Or(u.Global, u.Name)
		}
	}
	return ""
}

// maxMoment is the last second that Discord shows as a date.
const maxMoment = 8_640_000_000_000

func moment(seconds, otherwise string) string {
	n, err := strconv.ParseInt(seconds, 10, 64)
	if err != nil || n > maxMoment || n < -maxMoment {
		return otherwise
	}
	return time.Unix(n, 0).UTC().Format("2 Jan 2006 15:04 UTC")
}

// typed is what it means that somebody types.
func (p *people) typed(t typingStart) (plugin.Inbound, bool) {
	if t.Member == nil || t.Member.User == nil || t.Member.User.Bot {
		return plugin.Inbound{}, false
	}
	u := *t.Member.User
	u.ID = cmp.Or(u.ID, t.UserID)
	return plugin.Inbound{Kind: plugin.InboundTyping, Thread: t.ChannelID, On: true, Operator: operatorOf(u, t.Member.Nick)}, true
}

// turned is what it means that somebody closed the thread or reopened it; n tells
// one such change from others.
func turned(thread string, closed bool, at string, n string) plugin.Inbound {
	kind := plugin.InboundReopen
	if closed {
		kind = plugin.InboundClose
	}
	return plugin.Inbound{Kind: kind, Thread: thread, EffectKey: fmt.Sprintf("t:%s:%t:%s:%s", thread, closed, at, n)}
}
