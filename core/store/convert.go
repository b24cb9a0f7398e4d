package store

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/pocketping/pocketping/core"
)

func (r *projectRow) domain() *core.Project {
	p := &core.Project{
		ID: r.ID, Slug: r.Slug, Name: r.Name, Identity: r.Identity, Editable: r.Editable,
		ReopenWithin: time.Duration(r.ReopenMs) * time.Millisecond,
	}
	fromJSON(r.Origins, &p.Origins)
	fromJSON(r.Widget, &p.Widget)
	return p
}

func visitorOf(v *core.Visitor) visitorRow {
	return visitorRow{
		ID: v.ID, ProjectID: v.ProjectID, Subject: v.Subject, Name: v.Name, Email: v.Email, Verified: v.Verified,
		Traits: toJSON(v.Traits, len(v.Traits)), Claimed: toJSON(v.Claimed, len(v.Claimed)), Waiting: toJSON(v.Waiting, len(v.Waiting)),
		Created: v.CreatedAt, LastSeen: v.LastSeen,
	}
}

func (r *visitorRow) domain() *core.Visitor {
	v := &core.Visitor{
		ID: r.ID, ProjectID: r.ProjectID, Subject: r.Subject, Name: r.Name, Email: r.Email, Verified: r.Verified,
		CreatedAt: r.Created, LastSeen: r.LastSeen, Version: r.version(),
	}
	fromJSON(r.Traits, &v.Traits)
	fromJSON(r.Claimed, &v.Claimed)
	fromJSON(r.Waiting, &v.Waiting)
	return v
}

// version differs when anything in the row does.
func (r *visitorRow) version() string {
	return string(core.Hash(fmt.Sprintf("%q %q %q %q %t %q %q %q %d", r.ID, r.Subject, r.Name, r.Email, r.Verified, r.Traits, r.Claimed, r.Waiting, r.LastSeen)))
}

func sessionOf(s *core.Session) sessionRow {
	return sessionRow{
		ID: s.ID, ProjectID: s.ProjectID, VisitorID: s.VisitorID, Status: s.Status, Created: s.CreatedAt,
		LastActivity: s.LastActivity, ClosedAt: s.ClosedAt, LastSeq: s.Seq, Delivered: s.Delivered, ReadSeq: s.Read,
		Metadata: toJSON(s.Metadata, len(s.Metadata)), Fingerprint: s.Fingerprint,
	}
}

func (r *sessionRow) domain() *core.Session {
	s := &core.Session{
		ID: r.ID, ProjectID: r.ProjectID, VisitorID: r.VisitorID, Status: r.Status, CreatedAt: r.Created,
		LastActivity: r.LastActivity, ClosedAt: r.ClosedAt, Seq: r.LastSeq, Delivered: r.Delivered, Read: r.ReadSeq,
		Waiting: core.Waiting{Seq: r.WaitingSeq, Since: r.WaitingAt, Reminded: int(r.Reminded)},
	}
	fromJSON(r.Metadata, &s.Metadata)
	fromJSON(r.Escalated, &s.Escalated)
	if r.ClaimedName != "" {
		s.Claim = &core.Claim{ID: r.ClaimedID, Name: r.ClaimedName}
	}
	if r.Rating > 0 {
		s.Rating = &core.Rating{Score: int(r.Rating), Comment: r.RatingComment}
	}
	return s
}

func messageOf(m *core.Message) messageRow {
	r := messageRow{
		ID: m.ID, ProjectID: m.ProjectID, SessionID: m.SessionID, Seq: m.Seq, Sender: m.Sender, Text: m.Text,
		Operator: m.Operator, Via: m.Via, ReplyTo: m.ReplyTo, ClientID: m.ClientID, Note: m.Note, Failed: m.Failed,
		Files: int64(len(m.Attachments)), Created: m.CreatedAt, Edited: m.EditedAt, Deleted: m.DeletedAt,
	}
	if m.Author != nil {
		r.AuthorName, r.AuthorAvatar = m.Author.Name, m.Author.Avatar
	}
	return r
}

func (r *messageRow) domain(files []*core.Attachment) *core.Message {
	m := &core.Message{
		ID: r.ID, ProjectID: r.ProjectID, SessionID: r.SessionID, Seq: r.Seq, Sender: r.Sender, Text: r.Text,
		Operator: r.Operator, Via: r.Via, ReplyTo: r.ReplyTo, ClientID: r.ClientID, Note: r.Note, Failed: r.Failed,
		CreatedAt: r.Created, EditedAt: r.Edited, DeletedAt: r.Deleted,
	}
	if r.AuthorName != "" || r.AuthorAvatar != "" {
		m.Author = &core.Author{Name: r.AuthorName, Avatar: r.AuthorAvatar}
	}
	if r.Deleted.IsZero() {
		m.Attachments = files
	}
	return m
}

func attachmentOf(a *core.Attachment) attachmentRow {
	return attachmentRow{
		ID: a.ID, ProjectID: a.ProjectID, Owner: a.Owner, SessionID: a.SessionID, MessageID: a.MessageID,
		Name: a.Name, Type: a.Type, Size: a.Size, Created: a.CreatedAt,
	}
}

func (r *attachmentRow) domain() *core.Attachment {
	return &core.Attachment{
		ID: r.ID, ProjectID: r.ProjectID, Owner: r.Owner, SessionID: r.SessionID, MessageID: r.MessageID,
		Name: r.Name, Type: r.Type, Size: r.Size, CreatedAt: r.Created, Expired: r.Expired,
	}
}

func (r *eventRow) domain(m *core.Message) *core.Event {
	e := &core.Event{
		Type: r.Type, Seq: r.Seq, SessionID: r.SessionID, At: r.At, ProjectID: r.ProjectID,
		MessageID: r.MessageID, Pos: r.Pos, Message: m,
	}
	if r.Data != "" {
		e.Data = json.RawMessage(r.Data)
	}
	return e
}

func linkOf(l *core.Link) linkRow {
	return linkRow{
		Bridge: l.BridgeID, Thread: l.Thread, ExternalID: l.ExternalID, MessageID: l.MessageID, SessionID: l.SessionID,
		ProjectID: l.ProjectID, Part: int64(l.Part), Revision: l.Revision, Deleted: l.Deleted, Answers: l.Answers,
	}
}

func (r *linkRow) domain() core.Link {
	return core.Link{
		BridgeID: r.Bridge, Thread: r.Thread, ExternalID: r.ExternalID, MessageID: r.MessageID, SessionID: r.SessionID,
		ProjectID: r.ProjectID, Part: int(r.Part), Revision: r.Revision, Deleted: r.Deleted, Answers: r.Answers,
	}
}
