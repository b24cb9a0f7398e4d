package core

import (
	"context"
	"strings"
)

// Receive takes what an operator did on a platform. It returns after the commit,
// so the bridge may then tell its platform that it was received.
func (c *Chat) Receive(ctx context.Context, in Inbound) (*Ack, error) {
	if in.Kind == InboundRaw {
		_, err := c.commit(ctx, in.once(), func(context.Context) (*Change, error) {
			return &Change{At: c.clock.Now()}, nil
		})
		return &Ack{}, err
	}
	s, err := c.threadSession(ctx, in)
	if err != nil {
		return nil, err
	}
	if in.Kind == InboundVisitor {
		return c.receiveVisitor(ctx, s, in)
	}
	if !c.mayAct(in) {
		return c.refuse(ctx, s, in)
	}
	project, err := c.projects.ByID(s.ProjectID)
	if err != nil {
		return nil, err
	}
	result, err := c.receive(ctx, project.actor(in), s, in)
	if result == nil || err != nil {
		return &Ack{SessionID: s.ID}, c.explain(ctx, s, in, err)
	}
	ack := &Ack{SessionID: s.ID, Seq: result.Seq, Repeated: result.Repeated}
	if result.Message != nil {
		ack.MessageID = result.Message.ID
	}
	return ack, nil
}

// threadSession is the session of the inbound's thread. A bridge without threads
// of its own, such as the inbox, uses the session's id as one.
func (c *Chat) threadSession(ctx context.Context, in Inbound) (*Session, error) {
	s, err := c.store.SessionOfThread(ctx, in.BridgeID, in.Thread)
	if err == nil && !c.projects.serves(in.BridgeID, s.ProjectID) {
		return nil, Errorf(CodeNotFound, "the bridge %s no longer serves the project of thread %s", in.BridgeID, in.Thread)
	}
	if !IsCode(err, CodeNotFound) || !strings.HasPrefix(in.Thread, KindSession+"_") {
		return s, err
	}
	for _, p := range c.projects.ServedBy(in.BridgeID) {
		if s, err = c.store.Session(ctx, p.ID, in.Thread); !IsCode(err, CodeNotFound) {
			return s, err
		}
	}
	return nil, err
}

func (c *Chat) receive(ctx context.Context, by Actor, s *Session, in Inbound) (*Result, error) {
	switch in.Kind {
	case InboundMessage:
		return c.receiveMessage(ctx, by, s, in)
	case InboundEdit:
		return c.receiveEdit(ctx, by, s, in)
	case InboundDelete:
		return c.receiveDelete(ctx, by, s, in)
	case InboundClose:
		return c.setStatus(ctx, by, s.ID, StatusClosed, in.once())
	case InboundReopen:
		return c.setStatus(ctx, by, s.ID, StatusActive, in.once())
	case InboundTyping:
		return nil, c.Typing(ctx, by, s.ID, in.On)
	case InboundRead:
		return nil, c.receiveRead(ctx, s, in)
	}
	return nil, Errorf(CodeInvalid, "unknown kind of inbound %q", in.Kind)
}

func (c *Chat) receiveMessage(ctx context.Context, by Actor, s *Session, in Inbound) (*Result, error) {
	cmd, text, is := parseCommand(in.Text)
	if is && cmd.name != "note" {
		return c.command(ctx, by, s, cmd, in)
	}
	post := Post{SessionID: s.ID, Text: text, Attachments: in.Files}
	if is {
		post.Note, post.Text = true, cmd.arg
	}
	if !post.Note {
		if echo, err := c.isEcho(ctx, s, in, post.Text); err != nil {
			return nil, err
		} else if echo {
			return nil, c.stopEcho(ctx, s, in, post.Text)
		}
	}
	link, err := c.linkOf(ctx, in, in.ReplyTo)
	if err != nil {
		return nil, err
	}
	if link != nil && !link.Deleted && link.MessageID != s.ID {
		post.ReplyTo = link.MessageID
	}
	if !post.Note && c.isNote(ctx, s, post.ReplyTo) {
		post.ReplyTo = "" // what it answers is not for the visitor
	}
	arrived := in.arrival()
	if link == nil && len(arrived.links) > 0 {
		arrived.links[0].Answers = in.ReplyTo
	}
	result, err := c.post(ctx, by, post, arrived)
	if err == nil {
		err = c.tieReplies(ctx, s, in)
	}
	return result, err
}

// command runs the operator's command, unless an edit that came before it has made
// a message of it.
func (c *Chat) command(ctx context.Context, by Actor, s *Session, cmd command, in Inbound) (*Result, error) {
	link, err := c.linkOf(ctx, in, in.ExternalID)
	if err != nil {
		return nil, err
	}
	if link != nil && link.MessageID != "" {
		return nil, nil
	}
	return c.run(ctx, by, s, cmd, in)
}

func (c *Chat) isNote(ctx context.Context, s *Session, messageID string) bool {
	if messageID == "" {
		return false
	}
	m, err := c.store.Message(ctx, s.ProjectID, messageID)
	return err == nil && m.Note
}

// receiveEdit changes the message. An edit that overtakes its post makes it.
func (c *Chat) receiveEdit(ctx context.Context, by Actor, s *Session, in Inbound) (*Result, error) {
	link, err := c.linkOf(ctx, in, in.ExternalID)
	if err != nil {
		return nil, err
	}
	if link == nil {
		result, err := c.receiveMessage(ctx, by, s, in.asPost())
		if err != nil || result == nil || !result.Repeated {
			return result, err
		}
		if link, err = c.linkOf(ctx, in, in.ExternalID); err != nil || link == nil { // it was stored meanwhile
			return nil, err
		}
	}
	if link.Deleted || link.MessageID == "" {
		return nil, nil
	}
	return c.editLinked(ctx, by, s, *link, in)
}

func (c *Chat) editLinked(ctx context.Context, by Actor, s *Session, link Link, in Inbound) (*Result, error) {
	m, err := c.store.Message(ctx, s.ProjectID, link.MessageID)
	if err != nil {
		return nil, err
	}
	cmd, text, is := parseCommand(in.Text)
	switch {
	case is && m.Note && cmd.name == "note":
		text = cmd.arg
	case is:
		return nil, Errorf(CodeInvalid, "an edit cannot turn a message into a command: write the command as a new message")
	}
	if m.Text == text && link.Revision == in.Revision {
		known := &Result{Session: s, Message: m, Seq: m.Seq, Repeated: true}
		c.publishAgain(ctx, known)
		return known, nil
	}
	if !m.DeletedAt.IsZero() {
		return nil, nil // it comes late
	}
	link.Revision = in.Revision
	return c.edit(ctx, by, m.ID, text, in.once(), []Link{link})
}

// receiveDelete takes the message back, or leaves a tombstone for one that is yet
// to arrive.
func (c *Chat) receiveDelete(ctx context.Context, by Actor, s *Session, in Inbound) (*Result, error) {
	link, err := c.linkOf(ctx, in, in.ExternalID)
	if err != nil {
		return nil, err
	}
	switch {
	case link == nil:
		if link, err = c.tombstone(ctx, s, in); err != nil || link.MessageID == "" {
			return nil, err
		}
	case link.MessageID == "" || link.Deleted && !c.isDeleted(ctx, link):
		return nil, nil // a part that the bridge itself removed
	}
	gone := *link
	gone.Deleted = true
	if m, err := c.store.Message(ctx, s.ProjectID, link.MessageID); err == nil && m.Via == in.BridgeID {
		return c.delete(ctx, by, m.ID, by.Via, in.once(), []Link{gone})
	} else if err != nil && !IsCode(err, CodeNotFound) {
		return nil, err
	}
	// A copy that the bridge made, or the card: what was said elsewhere stays said.
	_, err = c.commit(ctx, in.once(), func(context.Context) (*Change, error) {
		return &Change{ProjectID: s.ProjectID, At: c.clock.Now(), Links: []Link{gone}}, nil
	})
	return nil, err
}

// tombstone is the link of a message that was deleted before it arrived, and of
// the message that was stored meanwhile, if it was.
func (c *Chat) tombstone(ctx context.Context, s *Session, in Inbound) (*Link, error) {
	tomb := in.link(s)
	tomb.Deleted = true
	once := in.once()
	once.Key = "ahead:" + once.Key // the delete itself may have to follow
	_, err := c.commit(ctx, once, func(context.Context) (*Change, error) {
		return &Change{ProjectID: s.ProjectID, At: c.clock.Now(), Links: []Link{tomb}}, nil
	})
	if err != nil {
		return nil, err
	}
	return c.store.Link(ctx, in.BridgeID, in.Thread, in.ExternalID)
}

func (c *Chat) receiveRead(ctx context.Context, s *Session, in Inbound) error {
	link, err := c.linkOf(ctx, in, in.ExternalID)
	if err != nil {
		return err
	}
	if link == nil {
		return Errorf(CodeNotFound, "no message %s in this thread", in.ExternalID)
	}
	m, err := c.store.Message(ctx, s.ProjectID, link.MessageID)
	if err != nil {
		return err
	}
	c.markRead(ctx, s, SenderVisitor, m.Seq)
	return nil
}

// isDeleted reports whether the link's message itself was deleted.
func (c *Chat) isDeleted(ctx context.Context, link *Link) bool {
	m, err := c.store.Message(ctx, link.ProjectID, link.MessageID)
	return err == nil && !m.DeletedAt.IsZero()
}

// linkOf is what we know of a platform's message; nil when nothing.
func (c *Chat) linkOf(ctx context.Context, in Inbound, externalID string) (*Link, error) {
	if externalID == "" {
		return nil, nil
	}
	link, err := c.store.Link(ctx, in.BridgeID, in.Thread, externalID)
	if IsCode(err, CodeNotFound) {
		return nil, nil
	}
	return link, err
}

// explain tells operators in the thread why something they did was refused. What
// will work when it is sent again is left to the bridge.
func (c *Chat) explain(ctx context.Context, s *Session, in Inbound, err error) error {
	if err == nil || AsError(err).Code == CodeUnavailable {
		return err
	}
	if in.Kind == InboundTyping || in.Kind == InboundRead {
		return err
	}
	// Under a key of its own: what is brought again is refused again, and told once.
	once := &Once{Scope: in.BridgeID, Key: "refused:" + in.EffectKey, Raw: in.Raw}
	if told := c.notice(ctx, s, once, AsError(err).Message, in.BridgeID); told != nil {
		return told
	}
	return err
}

func (in Inbound) link(s *Session) Link {
	return Link{BridgeID: in.BridgeID, Thread: in.Thread, ExternalID: in.ExternalID, SessionID: s.ID, ProjectID: s.ProjectID, Revision: in.Revision}
}

func (in Inbound) once() *Once {
	return &Once{Scope: in.BridgeID, Key: in.EffectKey, Raw: in.Raw, Open: in.early}
}

// asPost is an edit that overtakes its post, as the post. Where that was stored
// meanwhile, the edit still follows.
func (in Inbound) asPost() Inbound {
	in.early = true
	return in
}

func (in Inbound) arrival() arrival {
	a := arrival{once: in.once(), early: in.early}
	if in.ExternalID != "" {
		a.links = []Link{{BridgeID: in.BridgeID, Thread: in.Thread, ExternalID: in.ExternalID, Revision: in.Revision}}
	}
	return a
}
