package core

import "context"

// tieReplies ties a reply that came before what it answers to it. Whichever of the
// two is stored last finds the other.
func (c *Chat) tieReplies(ctx context.Context, s *Session, in Inbound) error {
	waiting, err := c.store.Answering(ctx, in.BridgeID, in.Thread, in.ExternalID)
	if err != nil || len(waiting) == 0 && in.ReplyTo == "" {
		return err
	}
	own, err := c.linkOf(ctx, in, in.ExternalID)
	if err != nil || own == nil {
		return err
	}
	for _, reply := range waiting {
		if err := c.tie(ctx, s, reply, *own); err != nil {
			return err
		}
	}
	if own.Answers == "" {
		return nil
	}
	answered, err := c.linkOf(ctx, in, own.Answers)
	if err != nil || answered == nil {
		return err
	}
	return c.tie(ctx, s, *own, *answered)
}

// tie makes the one message a reply to the other, unless it is one.
func (c *Chat) tie(ctx context.Context, s *Session, reply, to Link) error {
	if reply.MessageID == "" || to.MessageID == "" || to.Deleted || to.MessageID == s.ID {
		return nil
	}
	_, err := c.commit(ctx, nil, func(ctx context.Context) (*Change, error) {
		m, err := c.store.Message(ctx, s.ProjectID, reply.MessageID)
		if err != nil || m.ReplyTo != "" || !m.DeletedAt.IsZero() || !m.Note && c.isNote(ctx, s, to.MessageID) {
			return nil, err
		}
		change := c.step(s)
		change.Expect = "" // whether it is closed or not
		change.Complete = &Completion{MessageID: m.ID, ReplyTo: to.MessageID}
		change.Events = []Event{{Type: noteOr(m, NoteEdited, MessageEdited), MessageID: m.ID}}
		return change, c.oweAll(change, reply.BridgeID)
	})
	return err
}
