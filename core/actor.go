package core

import "encoding/json"

// Actor is who does something, and where they do it.
type Actor struct {
	Sender    Sender
	ProjectID string
	VisitorID string            // of a visitor
	Metadata  map[string]string // of a visitor: the page and browser; kept by a session that they open
	Name      string            // of an operator: their own
	Avatar    string
	Via       string // bridge id, ViaWidget or ViaAPI
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
	case a.Sender == SenderVisitor:
		return a.VisitorID
	case a.Via == ViaAPI:
		return a.ProjectID
	}
	return a.Via
}

// shownAs is how visitors see the actor. A back end says itself how; people on a
// bridge are shown by the project's operator name, where it has one.
func (a Actor) shownAs(p *Project) *Author {
	if a.Sender != SenderOperator {
		return nil
	}
	if p.Widget.Operator != "" && (a.Via != ViaAPI || a.Name == "") {
		return &Author{Name: p.Widget.Operator}
	}
	return &Author{Name: a.Name, Avatar: a.Avatar}
}
