package conformance

import (
	"encoding/json"
	"fmt"
	"slices"

	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Types of events, as the core names them.
const (
	sessionOpened   = "session.opened"
	sessionClosed   = "session.closed"
	sessionReopened = "session.reopened"
	messagePosted   = "message.posted"
	messageEdited   = "message.edited"
	messageDeleted  = "message.deleted"
	notePosted      = "note.posted"
	noticeGiven     = "notice"
	visitorTracked  = "visitor.tracked"
	typing          = "typing"
	readReceipt     = "receipt"
)

// stored are the types of events that are stored; each with data such as the core's.
var stored = []struct{ name, data string }{
	{sessionOpened, ""},
	{messagePosted, ""},
	{messageEdited, ""},
	{messageDeleted, ""},
	{"message.failed", `{"reason":"it could not be delivered"}`},
	{notePosted, ""},
	{"note.edited", ""},
	{"note.deleted", ""},
	{"visitor.identified", `{"name":"Anna","email":"anna@example.com"}`},
	{visitorTracked, `{"name":"clicked_pricing","data":{"plan":"pro"}}`},
	{"session.rated", `{"score":5,"comment":"very good"}`},
	{"session.claimed", `{"name":"Olga"}`},
	{"session.released", `{"name":"Olga"}`},
	{noticeGiven, `{"text":"a notice of the kit"}`},
	{sessionClosed, `{"by":"operator"}`},
	{sessionReopened, `{"by":"visitor"}`},
}

// unstored are those that come only when named.
var unstored = []string{typing, readReceipt, pluginv1.ThreadErased}

// talk is a session and what the desk knows of it. Its fields are guarded by the desk.
type talk struct {
	k        *kit
	info     *pluginv1.Session
	messages []*pluginv1.Message
	thread   string
	threads  int // how often it got one
	done     map[int64]bool
}

// talk makes a session that nothing was delivered of.
func (k *kit) talk() *talk {
	at := now()
	t := &talk{k: k, done: map[int64]bool{}, info: &pluginv1.Session{
		Id: newID("sess"), ProjectId: k.desk.project.GetId(), Status: "active", CreatedAt: at, LastActivity: at,
		Visitor:  &pluginv1.Visitor{Id: newID("vis"), Name: "Anna", Email: "anna@example.com"},
		Metadata: map[string]string{"url": "https://example.com/pricing?x=1", "title": "Pricing", "language": "en", "timezone": "Europe/Paris"},
	}}
	k.desk.change(func() { k.desk.talks = append(k.desk.talks, t) })
	return t
}

// next counts; the desk is locked.
func (t *talk) next() int64 {
	t.info.Seq++
	t.info.LastActivity = now()
	return t.info.Seq
}

// event is the session's next. Of a message its clone is brought: it changes later.
func (t *talk) event(kind, data string, m *pluginv1.Message) *pluginv1.Event {
	e := &pluginv1.Event{Type: kind, At: now(), Data: []byte(data)}
	t.k.desk.change(func() {
		if m != nil && kind == messagePosted || kind == notePosted {
			e.Seq = m.GetSeq()
		} else {
			e.Seq = t.next()
		}
		if m != nil {
			e.Message = proto.CloneOf(m)
		}
	})
	return e
}

// message is the visitor's next, with what else is said of it.
func (t *talk) message(text string, more ...func(*pluginv1.Message)) *pluginv1.Message {
	return t.add(&pluginv1.Message{Sender: "visitor", Text: text, Name: "Anna", Via: "widget"}, more...)
}

// operator is the next message of one who is on another bridge.
func (t *talk) operator(text string, more ...func(*pluginv1.Message)) *pluginv1.Message {
	return t.add(&pluginv1.Message{Sender: "operator", Text: text, Name: "Olga", Author: "Olga", Via: "kit.other"}, more...)
}

func (t *talk) add(m *pluginv1.Message, more ...func(*pluginv1.Message)) *pluginv1.Message {
	t.k.desk.change(func() {
		t.addLocked(m)
		for _, say := range more {
			say(m)
		}
	})
	return m
}

func (t *talk) addLocked(m *pluginv1.Message) {
	m.Id, m.Seq, m.CreatedAt = newID("msg"), t.next(), now()
	t.messages = append(t.messages, m)
}

// hears takes in what the platform said; the desk is locked.
func (t *talk) hears(h *heard) *pluginv1.Message {
	m := &pluginv1.Message{Sender: "operator", Name: h.GetOperator().GetName(), Author: h.GetOperator().GetName(), Text: h.GetText(), Via: bridgeID}
	if h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_VISITOR {
		m.Sender, m.Name, m.Author = "visitor", "Anna", ""
	}
	if to := t.linked(t.k.desk, h.GetReplyTo()); to != nil {
		m.ReplyTo, m.ReplyText = to.GetId(), to.GetText()
	}
	t.addLocked(m)
	return m
}

// linked is the message that a message of the platform shows; the desk is locked.
func (t *talk) linked(d *desk, externalID string) *pluginv1.Message {
	if externalID == "" {
		return nil
	}
	for _, l := range d.links {
		if l.GetExternalId() != externalID || l.GetThread() != t.thread && l.GetThread() != t.info.GetId() {
			continue
		}
		for _, m := range t.messages {
			if m.GetId() == l.GetMessageId() {
				return m
			}
		}
	}
	return nil
}

// full is the session as reads show it; the desk is locked.
func (t *talk) full() *pluginv1.Session {
	s := proto.CloneOf(t.info)
	if n := len(t.messages); n > 0 {
		s.Last = proto.CloneOf(t.messages[n-1])
	}
	for _, m := range t.messages {
		if m.GetSender() == "visitor" && m.GetSeq() > s.GetRead() && !m.GetDeleted() {
			s.Unread++
		}
	}
	return s
}

// posted is the event that brings a new message of the visitor's.
func (t *talk) posted(text string) *pluginv1.Event {
	return t.event(messagePosted, "", t.message(text))
}

// opened is the event that begins the session.
func (t *talk) opened() *pluginv1.Event { return t.event(sessionOpened, "", nil) }

// edited changes what a message says.
func (t *talk) edited(m *pluginv1.Message, text string) *pluginv1.Event {
	t.k.desk.change(func() { m.Text, m.EditedAt = text, now() })
	return t.event(messageEdited, "", m)
}

// deleted takes it away.
func (t *talk) deleted(m *pluginv1.Message) *pluginv1.Event {
	t.k.desk.change(func() { m.Text, m.Deleted, m.DeletedAt, m.Attachments = "", true, now(), nil })
	return t.event(messageDeleted, "", m)
}

// of is an event of any type, with what comes with it.
func (t *talk) of(kind, data string) *pluginv1.Event {
	switch kind {
	case messagePosted:
		return t.posted("a message of the kit")
	case notePosted:
		return t.event(kind, "", t.operator("a note of the kit", func(m *pluginv1.Message) { m.Note = true }))
	case messageEdited, messageDeleted, "message.failed", "note.edited", "note.deleted":
		return t.changed(kind, data)
	}
	return t.event(kind, data, nil)
}

// changed is an event about a message that nothing was delivered of.
func (t *talk) changed(kind, data string) *pluginv1.Event {
	return t.event(kind, data, t.operator("what was said before", func(m *pluginv1.Message) {
		m.Note = kind == "note.edited" || kind == "note.deleted"
		switch kind {
		case messageDeleted, "note.deleted":
			m.Text, m.Deleted, m.DeletedAt = "", true, now()
		case "message.failed":
			m.Failed = true
		default:
			m.EditedAt = now()
		}
	}))
}

// where is the session's thread.
func (t *talk) where() string {
	t.k.desk.mu.Lock()
	defer t.k.desk.mu.Unlock()
	return t.thread
}

// parts are the platform's messages that show ours, by part.
func (t *talk) parts(m *pluginv1.Message) []*pluginv1.Link {
	t.k.desk.mu.Lock()
	defer t.k.desk.mu.Unlock()
	parts := t.k.desk.parts(m.GetId())
	slices.SortFunc(parts, func(a, b *pluginv1.Link) int { return int(a.GetPart() - b.GetPart()) })
	return parts
}

// request is a call for the events, with all that is known.
func (t *talk) request(generation int64, events ...*pluginv1.Event) *pluginv1.DeliverRequest {
	d := t.k.desk
	d.mu.Lock()
	defer d.mu.Unlock()
	wanted := map[string]bool{t.info.GetId(): true}
	for _, e := range events {
		wanted[e.GetMessage().GetId()], wanted[e.GetMessage().GetReplyTo()] = true, true
	}
	delete(wanted, "")
	req := &pluginv1.DeliverRequest{Session: proto.CloneOf(t.info), Thread: t.thread, Generation: generation}
	for _, e := range events {
		req.Events = append(req.Events, proto.CloneOf(e))
	}
	for _, l := range d.links {
		if wanted[l.GetMessageId()] {
			req.Links = append(req.Links, proto.CloneOf(l))
		}
	}
	return req
}

// jsonOf is a text as JSON has it, without the quotes.
func jsonOf(text string) string {
	b, err := json.Marshal(text)
	if err != nil {
		return fmt.Sprintf("%q", text)
	}
	return string(b[1 : len(b)-1])
}
