package core

import (
	"context"
	"encoding/hex"
)

// BridgeTrouble tells the project's other bridges, in the session's threads, that
// this bridge cannot work, once for each key. With no session named it is told in
// the latest active session of each project that the bridge serves. Where no other
// bridge is, nobody can be told.
func (c *Chat) BridgeTrouble(ctx context.Context, bridgeID, sessionID, key, text string) error {
	if sessionID == "" {
		return c.troubleEverywhere(ctx, bridgeID, key, text)
	}
	s, err := c.servedSession(ctx, bridgeID, sessionID)
	if err != nil {
		return err
	}
	return c.trouble(ctx, s, bridgeID, key, text)
}

func (c *Chat) troubleEverywhere(ctx context.Context, bridgeID, key, text string) error {
	for _, p := range c.projects.ServedBy(bridgeID) {
		latest, _, err := c.store.Sessions(ctx, SessionQuery{ProjectIDs: []string{p.ID}, Status: StatusActive, Limit: 1})
		if err != nil {
			return err
		}
		for _, s := range latest {
			if err := c.trouble(ctx, s, bridgeID, key+":"+p.ID, text); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *Chat) trouble(ctx context.Context, s *Session, bridgeID, key, text string) error {
	project, err := c.projects.ByID(s.ProjectID)
	if err != nil {
		return err
	}
	others := without(project.Bridges, func(b string) bool { return b == bridgeID })
	if len(others) == 0 {
		return nil
	}
	return c.notice(ctx, s, &Once{Scope: bridgeID, Key: "trouble:" + key}, text, others...)
}

// Introduce tells the operators of one bridge, in the session's thread, what its
// platform cannot do: once for ever, until the text becomes another.
func (c *Chat) Introduce(ctx context.Context, bridgeID, sessionID, text string) error {
	s, err := c.servedSession(ctx, bridgeID, sessionID)
	if err != nil {
		return err
	}
	once := &Once{Scope: bridgeID, Key: "introduced:" + hex.EncodeToString(Hash(text))}
	return c.notice(ctx, s, once, text, bridgeID)
}

// servedSession finds a session in the projects that the bridge serves.
func (c *Chat) servedSession(ctx context.Context, bridgeID, sessionID string) (*Session, error) {
	for _, p := range c.projects.ServedBy(bridgeID) {
		if s, err := c.store.Session(ctx, p.ID, sessionID); !IsCode(err, CodeNotFound) {
			return s, err
		}
	}
	return nil, Errorf(CodeNotFound, "bridge %s has no such session", bridgeID)
}
