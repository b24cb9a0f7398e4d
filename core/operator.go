package core

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// How the names of those who answer are shown to visitors: see Widget.
const (
	NamesTeam  = "team"
	NamesFirst = "first"
	NamesFull  = "full"
)

// Alias is one person who answers, on whichever bridge, as a project presents them.
type Alias struct {
	IDs    []string // theirs on the platforms
	Name   string   // what visitors and the other operators read; empty: their own
	Avatar string
}

// alias is the person who has the id on one of the platforms; nil: nobody is named.
func (p *Project) alias(id string) *Alias {
	i := slices.IndexFunc(p.Aliases, func(a Alias) bool { return id != "" && slices.Contains(a.IDs, id) })
	if i < 0 {
		return nil
	}
	return &p.Aliases[i]
}

// actor is whoever did what the bridge reports: under their alias for the other
// operators, and as the project wants it for visitors.
func (p *Project) actor(in Inbound) Actor {
	by := Actor{
		Sender: SenderOperator, ProjectID: p.ID, OperatorID: in.Operator.ID,
		Name: oneLine(in.Operator.Name), Avatar: webAvatar(in.Operator.Avatar), Via: in.BridgeID,
	}
	shown := Author{Name: by.Name, Avatar: by.Avatar}
	if p.Widget.names() == NamesFirst {
		shown.Name, _, _ = strings.Cut(by.Name, " ")
	}
	if a := p.alias(by.OperatorID); a != nil && a.Name != "" {
		by.Name, by.Avatar = a.Name, a.Avatar // never a name of the one with a face of the other
		shown = Author{Name: a.Name, Avatar: a.Avatar}
	} else if a != nil && a.Avatar != "" {
		by.Avatar, shown.Avatar = a.Avatar, a.Avatar
	}
	if p.Widget.names() == NamesTeam || shown.Name == "" {
		shown = p.Widget.team()
	}
	by.shown = &shown
	return by
}

func (w Widget) team() Author { return Author{Name: w.Operator, Avatar: w.Avatar} }

// names is how names are shown where the project does not say.
func (w Widget) names() string {
	switch {
	case w.Names != "":
		return w.Names
	case w.Operator != "":
		return NamesTeam
	}
	return NamesFirst
}

// webAvatar keeps of a platform's pictures those that a page may load.
func webAvatar(avatar string) string {
	if u, err := url.Parse(avatar); err != nil || u.Scheme != "https" || u.Host == "" || len(avatar) > maxAvatar {
		return ""
	}
	return avatar
}

const (
	maxAvatar       = 2048 // bytes
	maxOperatorName = 80   // bytes, where it is quoted
)

// SetOperators says who may answer from now on: see Options.
func (c *Chat) SetOperators(lists map[string][]string) { c.operators.Store(&lists) }

// mayAct reports whether whoever did it is among those who may answer on the
// bridge. Platforms do not name who deletes or closes; they let only those do it
// who wrote, or who run the place.
func (c *Chat) mayAct(in Inbound) bool {
	allowed, limited := (*c.operators.Load())[in.BridgeID]
	if !limited || slices.Contains(allowed, in.Operator.ID) {
		return true
	}
	unnamed := in.Kind == InboundDelete || in.Kind == InboundClose || in.Kind == InboundReopen
	return in.Operator.ID == "" && unnamed
}

// refuse keeps what somebody did who may not answer here, without any effect, and
// tells the thread once for each of them.
func (c *Chat) refuse(ctx context.Context, s *Session, in Inbound) (*Ack, error) {
	ack := &Ack{SessionID: s.ID}
	if in.Kind == InboundTyping || in.Kind == InboundRead {
		return ack, nil
	}
	told := &Once{Scope: in.BridgeID, Key: "stranger:" + s.ID + ":" + in.Operator.ID}
	if err := c.notice(ctx, s, told, in.refusal(), in.BridgeID); err != nil {
		return nil, err
	}
	once := in.once()
	if once.Raw == nil {
		once.Raw = data(in)
	}
	r, err := c.commit(ctx, once, func(context.Context) (*Change, error) {
		change := c.step(s) // what is kept of it goes with the session
		change.Expect = ""
		return change, nil
	})
	if err != nil {
		return nil, err
	}
	ack.Repeated = r.Repeated
	return ack, nil
}

// refusal says what to do about it.
func (in Inbound) refusal() string {
	name := clip(oneLine(in.Operator.Name), maxOperatorName)
	if name == "" {
		name = "Somebody"
	}
	if in.Operator.ID == "" {
		return name + " may not answer here, for the platform does not say who it is: nothing was sent"
	}
	bridge := in.BridgeID[strings.LastIndexByte(in.BridgeID, '.')+1:]
	return fmt.Sprintf("%s (id %s) may not answer here: nothing was sent. To let them, add %q to operators of bridge %q in config.hcl",
		name, in.Operator.ID, in.Operator.ID, bridge)
}
