package core

import "encoding/json"

// Actor is who does something, and where they do it.
type Actor struct {
	Sender     Sender
	ProjectID  string
	VisitorID  string            // of a visitor
	Metadata   map[string]string // of a visitor: the page and browser; kept by a session that they open
	Browser    string            // of a visitor: their browser's fingerprint, hashed by the edge; empty: unknown
	OperatorID string            // of an operator on a bridge: the platform's
	Name       string            // of an operator: as the others know them
	Avatar     string
	Via        string // bridge id, ViaWidget or ViaAPI

	shown *Author // of an operator on a bridge: as visitors see them
}

// scope is where the actor's ids of frames and requests are unique.
func (a Actor) scope() string {
	if a.Sender == SenderVisitor {
		return a.VisitorID
	}
	return a.ProjectID
}

// asData names the actor in a session's event; visitors see no more than "by".
func (a Actor) asData() json.RawMessage {
	by := string(a.Sender)
	if a.Via == ViaAPI {
		by = ViaAPI
	}
	return data(map[string]string{"by": by, "name": a.Name})
}

// owner is who the actor's uploads belong to.
func (a Actor) owner() string {
	switch {
	case a.Sender == SenderVisitor && (a.Via == ViaWidget || a.Via == ""):
		return a.VisitorID
	case a.Via == ViaAPI:
		return a.ProjectID
	}
	return a.Via
}

// shownAs is how visitors see the actor. A back end says itself how, or else they
// see the team; how people on a bridge are shown is decided by Project.actor.
func (a Actor) shownAs(p *Project) *Author {
	if a.Sender != SenderOperator {
		return nil
	}
	if a.shown != nil {
		return a.shown
	}
	if a.Name == "" && p.Widget.Operator != "" {
		team := p.Widget.team()
		return &team
	}
	return &Author{Name: a.Name, Avatar: a.Avatar}
}
