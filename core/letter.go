package core

import "context"

// receiveVisitor posts what the session's visitor said away from the widget. It is
// text, whatever it begins with: visitors have no commands. The host lets through
// only what comes from a bridge that was allowed to speak as visitors.
func (c *Chat) receiveVisitor(ctx context.Context, s *Session, in Inbound) (*Ack, error) {
	by := Actor{Sender: SenderVisitor, ProjectID: s.ProjectID, VisitorID: s.VisitorID, Metadata: s.Metadata, Via: in.BridgeID}
	result, err := c.post(ctx, by, Post{Text: in.Text, Attachments: in.Files}, in.arrival())
	if err != nil {
		return &Ack{SessionID: s.ID}, err
	}
	ack := &Ack{SessionID: result.Session.ID, Seq: result.Seq, Repeated: result.Repeated}
	if result.Message != nil {
		ack.MessageID = result.Message.ID
	}
	return ack, nil
}
