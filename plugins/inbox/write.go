package main

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	textLimit = 20_000 // characters; the core's own limit is lower and has its own words
	nameLimit = 60
	fileCount = 10
)

// action is the body of every call that changes something. ID is chosen by the
// page, at random: the same call sent again has the same one and happens once.
type action struct {
	ID       string   `json:"clientId"`
	Operator string   `json:"operator"` // what the operator calls themselves
	Text     string   `json:"text"`
	Note     bool     `json:"note"`
	ReplyTo  string   `json:"replyTo"` // message id
	Files    []string `json:"files"`
	On       bool     `json:"on"`
	Message  string   `json:"message"` // of read
}

var clientID = regexp.MustCompile(`^[A-Za-z0-9_-]{8,64}$`)

func readAction(w http.ResponseWriter, r *http.Request) (action, error) {
	var a action
	if err := body(w, r, &a); err != nil {
		return a, err
	}
	a.Operator = strings.Join(strings.Fields(a.Operator), " ")
	switch {
	case !clientID.MatchString(a.ID):
		return a, invalid("clientId is 8 to 64 letters, digits, - or _, chosen anew for each action")
	case utf8.RuneCountInString(a.Operator) > nameLimit:
		return a, invalid("your name has more than %d letters", nameLimit)
	case utf8.RuneCountInString(a.Text) > textLimit:
		return a, &problem{http.StatusRequestEntityTooLarge, "too_large", "this text is too long, send it in parts"}
	case len(a.Files) > fileCount:
		return a, invalid("a message takes %d files at most", fileCount)
	}
	return a, nil
}

func (b *bridge) postMessage(w http.ResponseWriter, r *http.Request) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	if strings.TrimSpace(a.Text) == "" && len(a.Files) == 0 {
		return invalid("there is nothing to send")
	}
	sessionID := r.PathValue("id")
	before, err := b.host.Session(r.Context(), sessionID)
	if err != nil {
		return err
	}
	if err := b.nameReply(r.Context(), sessionID, a.ReplyTo); err != nil {
		return err
	}
	ack, err := b.host.Receive(r.Context(), plugin.Inbound{
		Kind: plugin.InboundMessage, EffectKey: "m:" + a.ID, Thread: sessionID, ExternalID: "own:" + a.ID,
		ReplyTo: a.ReplyTo, Text: spoken(a.Text, a.Note), Files: a.Files, Operator: operatorOf(r, a.Operator),
	})
	if err != nil {
		return err
	}
	return b.settle(w, r, before, ack, a.ID, plugin.MessagePosted, plugin.NotePosted)
}

func (b *bridge) nameReply(ctx context.Context, sessionID, messageID string) error {
	if messageID == "" {
		return nil
	}
	if _, err := b.message(ctx, sessionID, messageID); err != nil {
		return err
	}
	return b.name(ctx, sessionID, messageID)
}

// spoken is the text as an operator would type it in a chat: notes are a command.
func spoken(text string, note bool) string {
	if note {
		return "/note " + text
	}
	return text
}

func (b *bridge) patchMessage(w http.ResponseWriter, r *http.Request) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	if strings.TrimSpace(a.Text) == "" {
		return invalid("there is no text left; delete the message instead")
	}
	m, err := b.own(r)
	if err != nil {
		return err
	}
	if m.Deleted {
		return &problem{http.StatusConflict, "refused", "this message has been deleted"}
	}
	ack, err := b.host.Receive(r.Context(), plugin.Inbound{
		Kind: plugin.InboundEdit, EffectKey: "e:" + a.ID, Thread: r.PathValue("id"), ExternalID: m.ID,
		Revision: b.revision(), Text: spoken(a.Text, m.Note), Operator: operatorOf(r, a.Operator),
	})
	if err != nil {
		return err
	}
	ack.MessageID = m.ID
	return b.settle(w, r, nil, ack, a.ID, plugin.MessageEdited, plugin.NoteEdited)
}

func (b *bridge) deleteMessage(w http.ResponseWriter, r *http.Request) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	m, err := b.own(r)
	if err != nil {
		return err
	}
	ack := plugin.Ack{SessionID: r.PathValue("id"), Repeated: true}
	if !m.Deleted {
		ack, err = b.host.Receive(r.Context(), plugin.Inbound{
			Kind: plugin.InboundDelete, EffectKey: "d:" + a.ID, Thread: r.PathValue("id"), ExternalID: m.ID,
			Operator: operatorOf(r, a.Operator),
		})
	}
	if err != nil {
		return err
	}
	ack.MessageID = m.ID
	return b.settle(w, r, nil, ack, a.ID, plugin.MessageDeleted, plugin.NoteDeleted)
}

// own is the message that the call is about; only what was written in the inbox
// can be changed here. The core is made to know it by its id.
func (b *bridge) own(r *http.Request) (*plugin.Message, error) {
	sessionID := r.PathValue("id")
	m, err := b.message(r.Context(), sessionID, r.PathValue("message"))
	if err != nil {
		return nil, err
	}
	if m.Via != b.host.BridgeID() || m.Sender == "visitor" {
		return nil, &problem{http.StatusForbidden, "forbidden", "only messages that were written in the inbox can be changed here"}
	}
	if m.Deleted {
		return m, nil
	}
	return m, b.name(r.Context(), sessionID, m.ID)
}

func (b *bridge) postClose(w http.ResponseWriter, r *http.Request) error {
	return b.status(w, r, plugin.InboundClose, "c:")
}

func (b *bridge) postReopen(w http.ResponseWriter, r *http.Request) error {
	return b.status(w, r, plugin.InboundReopen, "o:")
}

func (b *bridge) status(w http.ResponseWriter, r *http.Request, kind plugin.InboundKind, key string) error {
	a, err := readAction(w, r)
	if err != nil {
		return err
	}
	sessionID, op := r.PathValue("id"), operatorOf(r, a.Operator)
	before, err := b.host.Session(r.Context(), sessionID)
	if err != nil {
		return err
	}
	ack, err := b.host.Receive(r.Context(), plugin.Inbound{Kind: kind, EffectKey: key + a.ID, Thread: sessionID, Operator: op})
	if err != nil {
		return err
	}
	s, err := b.host.Session(r.Context(), sessionID)
	if err != nil {
		return err
	}
	b.showStatus(before, s, ack.Seq, op)
	answer(w, http.StatusOK, map[string]any{"session": s})
	return nil
}

// showStatus tells all pages that the session was closed or reopened from here:
// the core does not deliver an event to its origin.
func (b *bridge) showStatus(before, now *plugin.Session, seq int64, op plugin.Operator) {
	if before.Status == now.Status {
		return
	}
	e := &plugin.Event{Type: plugin.SessionReopened, Seq: seq, At: time.Now().UTC(), Session: now, Data: by(op)}
	if now.Status == "closed" {
		e.Type = plugin.SessionClosed
	}
	b.show(e, "")
}

// settle tells all pages what became of the action, for the same reason, and
// answers. before is the session that a post may have reopened. A command leaves
// no message of its own: what it did comes to the pages as the core's events.
func (b *bridge) settle(w http.ResponseWriter, r *http.Request, before *plugin.Session, ack plugin.Ack, clientID, event, noteEvent string) error {
	ctx := context.WithoutCancel(r.Context()) // it is stored: the other pages are told, whether this one waits or not
	s, err := b.host.Session(ctx, r.PathValue("id"))
	if err != nil {
		return err
	}
	e := plugin.Event{Type: "session.changed", At: time.Now().UTC(), Session: s}
	if ack.MessageID != "" {
		if e.Message, err = b.message(ctx, s.ID, ack.MessageID); err != nil {
			return err
		}
		if e.Type, e.Seq = event, ack.Seq; e.Message.Note {
			e.Type = noteEvent
		}
		if before != nil && !e.Message.Deleted && !e.Message.Note {
			b.showStatus(before, s, ack.Seq-1, plugin.Operator{Name: e.Message.Name})
		}
	}
	b.show(&e, clientID)
	answer(w, http.StatusOK, map[string]any{"session": s, "message": e.Message, "repeated": ack.Repeated})
	return nil
}
