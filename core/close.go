package core

import (
	"context"
	"encoding/json"
)

// Close ends a session; closing a closed one changes nothing. A visitor closes
// their own, whatever sessionID says.
func (c *Chat) Close(ctx context.Context, by Actor, sessionID, clientID string) (*Result, error) {
	return c.setStatus(ctx, by, sessionID, StatusClosed, onceFor(by, clientID, "close", sessionID))
}

// Reopen lets a closed session go on.
func (c *Chat) Reopen(ctx context.Context, by Actor, sessionID, clientID string) (*Result, error) {
	return c.setStatus(ctx, by, sessionID, StatusActive, onceFor(by, clientID, "reopen", sessionID))
}

func (c *Chat) setStatus(ctx context.Context, by Actor, sessionID string, to Status, once *Once) (*Result, error) {
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		s, err := c.sessionOf(ctx, by, sessionID)
		if err != nil {
			return nil, err
		}
		change := c.step(s)
		if s.Status == to {
			return change, nil
		}
		if to == StatusActive {
			if change, err = c.placeOperatorAfterClosing(ctx, s, by); err != nil {
				return nil, err
			}
		} else {
			change.Status = to
			change.Events = []Event{{Type: SessionClosed, Data: by.asData()}}
		}
		return change, c.oweAll(change, "")
	})
}

// sessionOf is the session that the actor means: a visitor's newest, or the one
// that is named.
func (c *Chat) sessionOf(ctx context.Context, by Actor, sessionID string) (*Session, error) {
	if by.Sender == SenderVisitor {
		return c.store.NewestSession(ctx, by.ProjectID, by.VisitorID)
	}
	return c.store.Session(ctx, by.ProjectID, sessionID)
}

// data is an event's data. Maps of strings, and what came in as JSON, always
// marshal.
func data(v any) json.RawMessage {
	b, _ := json.Marshal(v)
	return b
}
