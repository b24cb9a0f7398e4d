package core

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// Limits of one message.
const (
	MaxText        = 40_000 // code points
	MaxAttachments = 10
)

// Post is something to say.
type Post struct {
	SessionID   string // of an operator; a visitor's goes to their own session
	Text        string
	ReplyTo     string
	Attachments []string
	Note        bool   // for operators only
	ClientID    string // the sender's id for it: sent again with the same, it is stored once
}

// Post says something. A visitor's first post opens a session; after closing it
// reopens the newest one, or opens another when that was long ago.
func (c *Chat) Post(ctx context.Context, by Actor, p Post) (*Result, error) {
	return c.post(ctx, by, p, arrival{})
}

// arrival is how a post came in when it came over a bridge.
type arrival struct {
	once  *Once
	links []Link
	early bool // an edit brought it
}

func (c *Chat) post(ctx context.Context, by Actor, p Post, in arrival) (*Result, error) {
	project, err := c.projects.ByID(by.ProjectID)
	if err != nil {
		return nil, err
	}
	if p.Text, err = cleanText(p.Text, len(p.Attachments) > 0); err != nil {
		return nil, err
	}
	if len(p.Attachments) > MaxAttachments {
		return nil, Errorf(CodeInvalid, "a message takes at most %d attachments", MaxAttachments)
	}
	once := in.once
	if once == nil {
		once = onceFor(by, p.ClientID, "post", p.Text, p.ReplyTo, p.Attachments)
	}
	result, err := c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		p, in := p, in
		if change, err := c.completing(ctx, by, &p, &in); change != nil || err != nil {
			return change, err
		}
		return c.decidePost(ctx, project, by, p, in.links)
	})
	if err == nil && by.Sender == SenderOperator && !p.Note {
		c.markRead(ctx, result.Session, SenderVisitor, result.Seq) // who answers has read
	}
	return result, err
}

func (c *Chat) decidePost(ctx context.Context, project *Project, by Actor, p Post, links []Link) (*Change, error) {
	change, err := c.place(ctx, project, by, p)
	if err != nil {
		return nil, err
	}
	if err := c.checkReply(ctx, project.ID, change.SessionID, p); err != nil {
		return nil, err
	}
	m := newMessage(project, by, p)
	m.SessionID, m.CreatedAt = change.SessionID, change.At
	change.Post, change.Links = m, links
	for i := range change.Links {
		change.Links[i].MessageID, change.Links[i].SessionID, change.Links[i].ProjectID = m.ID, m.SessionID, project.ID
	}
	kind := MessagePosted
	if p.Note {
		kind = NotePosted
	}
	change.Events = append(change.Events, Event{Type: kind, MessageID: m.ID})
	project.owe(change.Events, by.Via)
	return change, nil
}

func newMessage(project *Project, by Actor, p Post) *Message {
	m := &Message{
		ID: NewID(KindMessage), ProjectID: project.ID, Sender: by.Sender, Text: p.Text, Via: by.Via,
		ReplyTo: p.ReplyTo, ClientID: p.ClientID, Note: p.Note, Operator: by.Name, Author: by.shownAs(project),
	}
	for _, id := range p.Attachments {
		m.Attachments = append(m.Attachments, &Attachment{ID: id, Owner: by.owner()})
	}
	return m
}

// onceFor makes an actor's step idempotent under their own id for it.
func onceFor(by Actor, clientID string, content ...any) *Once {
	if clientID == "" {
		return nil
	}
	body, _ := json.Marshal(content) // strings and lists of strings always marshal
	digest := sha256.Sum256(body)
	return &Once{Scope: by.scope(), Key: clientID, Digest: digest[:]}
}

// cleanText makes foreign text safe to store and to hand on. It changes nothing
// that a person typed on purpose.
func cleanText(text string, mayBeEmpty bool) (string, error) {
	text = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", ""), "\uFFFD"))
	if text == "" && !mayBeEmpty {
		return "", Errorf(CodeInvalid, "the message is empty: give it text or an attachment")
	}
	if utf8.RuneCountInString(text) > MaxText {
		return "", Errorf(CodeTooLarge, "the text is too long: at most %d characters fit in a message", MaxText)
	}
	return text, nil
}

// checkReply lets only a note answer a note: visitors know of none.
func (c *Chat) checkReply(ctx context.Context, projectID, sessionID string, p Post) error {
	if p.ReplyTo == "" {
		return nil
	}
	m, err := c.store.Message(ctx, projectID, p.ReplyTo)
	if err != nil && !IsCode(err, CodeNotFound) {
		return err
	}
	if err != nil || m.SessionID != sessionID || m.Note && !p.Note {
		return Errorf(CodeInvalid, "replyTo: no message %s in this session", p.ReplyTo)
	}
	return nil
}
