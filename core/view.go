package core

import "encoding/json"

// VisitorView is the allow-list that everything passes which a visitor may see.
// It answers with the event as they see it, or false.
func VisitorView(e *Event) (*Event, bool) {
	switch e.Type {
	case MessagePosted, MessageEdited, MessageDeleted, MessageFailed:
		if e.Message == nil || e.Message.Note {
			return nil, false
		}
		seen := *e
		seen.Message, seen.Data = visitorMessage(e.Message), nil
		return &seen, true
	case SessionOpened, SessionClosed, SessionReopened, SessionRated:
		seen := *e
		seen.Message, seen.Data = nil, visitorData(e)
		return &seen, true
	}
	return nil, false
}

func visitorMessage(m *Message) *Message {
	seen := *m
	seen.Via, seen.Operator = "", ""
	return &seen
}

// visitorData keeps of a session's event only who did it, not by which name.
func visitorData(e *Event) json.RawMessage {
	var d struct {
		By string `json:"by,omitempty"`
	}
	if json.Unmarshal(e.Data, &d) != nil || d.By == "" {
		return nil
	}
	return data(d)
}
