package core

import (
	"context"
	"fmt"
	"time"
)

// browserMemory is for how long a browser is recognised.
const browserMemory = 30 * 24 * time.Hour

// sameBrowser is what operators are told of a session that is about to be opened by a
// visitor whose browser looks like another's: a hint, which opens nothing. A browser
// that several others have looks like too many.
func (c *Chat) sameBrowser(ctx context.Context, s *Session) (string, error) {
	if s.Fingerprint == "" {
		return "", nil
	}
	v, err := c.store.Visitor(ctx, s.ProjectID, s.VisitorID)
	if err != nil || v.Verified {
		return "", err
	}
	since := TimeOf(c.clock.Now().Std().Add(-browserMemory))
	found, err := c.store.SameBrowser(ctx, s.ProjectID, s.VisitorID, s.Fingerprint, since)
	if err != nil || len(found) == 0 {
		return "", err
	}
	for _, other := range found {
		if other.VisitorID != found[0].VisitorID {
			return "", nil
		}
	}
	who := found[0].ID
	if other, err := c.store.Visitor(ctx, s.ProjectID, found[0].VisitorID); err == nil && other.Name != "" {
		who += " (" + clip(other.Name, maxOperatorName) + ")"
	}
	return fmt.Sprintf("Probably the visitor of %s, last active %s: the browser looks the same, which proves nothing",
		who, found[0].LastActivity.Std().Format("2 January 2006")), nil
}
