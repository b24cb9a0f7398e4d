package core

import (
	"context"
	"encoding/json"
)

// Emit tells the pages of a session's visitor something that the site's scripts wait
// for; with no session named, all pages of the project. It reaches those that are
// connected, and is not stored.
func (c *Chat) Emit(ctx context.Context, projectID, sessionID, name string, payload json.RawMessage) error {
	if name == "" || len(name) > MaxEventName || len(payload) > MaxEventData {
		return Errorf(CodeInvalid, "emit: a name of 1 to %d bytes and data of at most %d bytes", MaxEventName, MaxEventData)
	}
	l := &Live{Type: LiveEmit, Name: name, Data: payload}
	if sessionID == "" {
		c.bus.Publish(Signal{ProjectID: projectID, Live: l})
		return nil
	}
	s, err := c.store.Session(ctx, projectID, sessionID)
	if err == nil {
		c.live(s, l, nil)
	}
	return err
}
