package core

import "context"

// VisitorData is all that is known of a visitor, but for their sessions.
type VisitorData struct {
	Visitor     *Visitor      `json:"visitor"`
	Waiting     []Event       `json:"waiting"` // what they did since their last session
	Attachments []*Attachment `json:"attachments"`
	Threads     []ThreadLeft  `json:"threads"` // where their sessions stand on platforms
}

// VisitorData reads it, for somebody who takes it away.
func (c *Chat) VisitorData(ctx context.Context, projectID, visitorID string) (*VisitorData, error) {
	v, err := c.Visitor(ctx, projectID, visitorID)
	if err != nil {
		return nil, err
	}
	d := &VisitorData{Visitor: v, Waiting: append([]Event{}, v.Waiting...)}
	if d.Attachments, err = c.store.VisitorFiles(ctx, projectID, visitorID); err != nil {
		return nil, err
	}
	if d.Threads, err = c.store.VisitorThreads(ctx, projectID, visitorID); err != nil {
		return nil, err
	}
	return d, c.Audit(ctx, AuditEntry{ProjectID: projectID, Action: "visitor.exported", Subject: AuditSubject(visitorID)})
}
