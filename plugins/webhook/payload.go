package main

import (
	"cmp"
	"encoding/json"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

// payload is the body: an event as the HTTP API has it, and what it is about.
type payload struct {
	ID        string          `json:"id"`
	Type      string          `json:"type"`
	Seq       int64           `json:"seq"`
	SessionID string          `json:"sessionId"`
	At        moment          `json:"at"`
	Message   *message        `json:"message,omitempty"`
	Data      json.RawMessage `json:"data,omitempty"`
	Project   project         `json:"project"`
	Session   session         `json:"session"`
	Visitor   plugin.Visitor  `json:"visitor"`
}

type project struct {
	ID   string `json:"id"`
	Slug string `json:"slug,omitempty"`
	Name string `json:"name,omitempty"`
}

// session is as it stands when the event is sent.
type session struct {
	ID           string            `json:"id"`
	VisitorID    string            `json:"visitorId"`
	ProjectID    string            `json:"projectId"`
	Status       string            `json:"status"`
	CreatedAt    moment            `json:"createdAt"`
	LastActivity moment            `json:"lastActivity"`
	Seq          int64             `json:"seq"`
	Delivered    int64             `json:"delivered"`
	Read         int64             `json:"read"`
	Metadata     map[string]string `json:"metadata,omitempty"`
}

// message is as it stands when the event is sent: what was deleted has no text.
type message struct {
	ID          string              `json:"id"`
	Seq         int64               `json:"seq"`
	SessionID   string              `json:"sessionId"`
	Sender      string              `json:"sender"`
	Text        string              `json:"text"`
	Author      *author             `json:"author,omitempty"` // of what no visitor wrote, as visitors see them
	Via         string              `json:"via,omitempty"`
	ReplyTo     string              `json:"replyTo,omitempty"`
	Attachments []plugin.Attachment `json:"attachments,omitempty"`
	CreatedAt   moment              `json:"createdAt"`
	EditedAt    moment              `json:"editedAt,omitzero"`
	DeletedAt   moment              `json:"deletedAt,omitzero"`
	Failed      bool                `json:"failed,omitempty"`
	ClientID    string              `json:"clientId,omitempty"`
	Note        bool                `json:"note,omitempty"`
}

type author struct {
	Name   string `json:"name"`
	Avatar string `json:"avatar,omitempty"`
}

// moment is a time as the HTTP API writes it: UTC, with milliseconds.
type moment time.Time

// MarshalText makes it RFC 3339.
func (m moment) MarshalText() ([]byte, error) {
	return []byte(time.Time(m).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// IsZero leaves it out where it is.
func (m moment) IsZero() bool { return time.Time(m).IsZero() }

func payloadOf(e *plugin.Event, projects []plugin.Project) payload {
	s := e.Session
	return payload{
		ID: outbound.EventID(e), Type: e.Type, Seq: e.Seq, SessionID: s.ID, At: moment(e.At),
		Message: messageOf(e.Message, s.ID), Data: e.Data, Project: projectOf(s.ProjectID, projects), Visitor: s.Visitor,
		Session: session{
			ID: s.ID, VisitorID: s.Visitor.ID, ProjectID: s.ProjectID, Status: s.Status,
			CreatedAt: moment(s.CreatedAt), LastActivity: moment(s.LastActivity),
			Seq: s.Seq, Delivered: s.Delivered, Read: s.Read, Metadata: s.Metadata,
		},
	}
}

func projectOf(id string, projects []plugin.Project) project {
	for _, p := range projects {
		if p.ID == id {
			return project{ID: id, Slug: p.Slug, Name: p.Name}
		}
	}
	return project{ID: id}
}

func messageOf(m *plugin.Message, sessionID string) *message {
	if m == nil {
		return nil
	}
	out := &message{
		ID: m.ID, Seq: m.Seq, SessionID: sessionID, Sender: m.Sender, Text: m.Text, Via: m.Via, ReplyTo: m.ReplyTo,
		Attachments: m.Attachments, CreatedAt: moment(m.CreatedAt), EditedAt: moment(m.EditedAt), DeletedAt: moment(m.DeletedAt),
		Failed: m.Failed, ClientID: m.ClientID, Note: m.Note,
	}
	if name := cmp.Or(m.Author, m.Name); m.Sender != "visitor" && name != "" {
		out.Author = &author{Name: name, Avatar: m.Avatar}
	}
	return out
}
