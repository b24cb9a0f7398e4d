package core

import (
	"context"
	"fmt"
	"strconv"
	"strings"
)

// DeadLetter is a delivery that a bridge can never make: nobody waits for it. It is
// kept until it is tried again, dropped, or its visitor erased.
type DeadLetter struct {
	BridgeID  string    `json:"bridge"`
	ProjectID string    `json:"projectId"`
	SessionID string    `json:"sessionId"`
	Seq       int64     `json:"seq"`
	Type      EventType `json:"type"`
	Reason    string    `json:"reason"` // in words, as the bridge or its platform said
	At        Time      `json:"at"`     // since when it is one
	Again     bool      `json:"again"`  // it is about to be tried again
}

// ID names the letter among all of them.
func (d *DeadLetter) ID() string { return deliveryID(d.BridgeID, d.SessionID, d.Seq) }

// ID names the delivery among all of them.
func (d *Delivery) ID() string { return deliveryID(d.BridgeID, d.SessionID, d.Seq) }

func deliveryID(bridgeID, sessionID string, seq int64) string {
	return fmt.Sprintf("%s/%s/%d", bridgeID, sessionID, seq)
}

// ParseDeliveryID reads what ID has made, or fails with CodeInvalid.
func ParseDeliveryID(id string) (bridgeID, sessionID string, seq int64, err error) {
	parts := strings.Split(id, "/")
	if len(parts) == 3 && parts[0] != "" && parts[1] != "" {
		if seq, err = strconv.ParseInt(parts[2], 10, 64); err == nil && seq > 0 {
			return parts[0], parts[1], seq, nil
		}
	}
	return "", "", 0, Errorf(CodeInvalid, "%q is no id of a delivery: it looks like telegram/ses_…/12", id)
}

// DeliveryQuery asks for deliveries, in the order of their bridge, session and seq;
// what is empty or zero asks for any.
type DeliveryQuery struct {
	BridgeID  string
	SessionID string
	Seq       int64
	After     string // the id of the one before them
	Limit     int    // 0: all
}

// subject names what is asked for, for people.
func (q DeliveryQuery) subject() string {
	if q.SessionID == "" {
		return q.BridgeID
	}
	return deliveryID(q.BridgeID, q.SessionID, q.Seq)
}

// Backlog is what one bridge is owed.
type Backlog struct {
	BridgeID string `json:"bridge"`
	Waiting  int64  `json:"waiting"`         // deliveries that are to be made
	Oldest   Time   `json:"oldest,omitzero"` // when the event happened that waits the longest
	Dead     int64  `json:"dead"`            // deliveries that can never be made: see DeadLetter
}

// DeliveryStore keeps what bridges and hooks are owed, of all projects.
type DeliveryStore interface {
	// Backlogs are what each bridge is owed, and cannot take, by its id.
	Backlogs(ctx context.Context) ([]Backlog, error)
	// OwedDeliveries are those that the query asks for and that are still to be made.
	OwedDeliveries(ctx context.Context, q DeliveryQuery) ([]*Delivery, error)
	// DeadLetters are those that the query asks for.
	DeadLetters(ctx context.Context, q DeliveryQuery) ([]*DeadLetter, error)
	// RetryDead has those that the query asks for tried again, by whoever runs the bridge,
	// and says how many. audit is kept with it when there are any.
	RetryDead(ctx context.Context, q DeliveryQuery, audit *AuditEntry) (int64, error)
	// DropDead removes those that the query asks for, and says how many. audit is kept with
	// it when there are any.
	DropDead(ctx context.Context, q DeliveryQuery, audit *AuditEntry) (int64, error)
}

// Backlogs are what each bridge is owed, and cannot take, by its id.
func (c *Chat) Backlogs(ctx context.Context) ([]Backlog, error) { return c.store.Backlogs(ctx) }

// OwedDeliveries are those that the query asks for and that are still to be made.
func (c *Chat) OwedDeliveries(ctx context.Context, q DeliveryQuery) ([]*Delivery, error) {
	return c.store.OwedDeliveries(ctx, q)
}

// DeadLetters are those that the query asks for.
func (c *Chat) DeadLetters(ctx context.Context, q DeliveryQuery) ([]*DeadLetter, error) {
	return c.store.DeadLetters(ctx, q)
}

// RetryDeadLetters has the bridge's letters tried again within seconds, those of one
// session or one alone where the query names it, and says how many. Where there is none
// it fails with CodeNotFound: whoever names one that is not there is wrong.
func (c *Chat) RetryDeadLetters(ctx context.Context, q DeliveryQuery) (int64, error) {
	return c.changeDead(ctx, q, "delivery.retried", c.store.RetryDead)
}

// DropDeadLetters forgets the bridge's letters as RetryDeadLetters tries them again.
// The messages stay in their sessions.
func (c *Chat) DropDeadLetters(ctx context.Context, q DeliveryQuery) (int64, error) {
	return c.changeDead(ctx, q, "delivery.dropped", c.store.DropDead)
}

func (c *Chat) changeDead(ctx context.Context, q DeliveryQuery, action string, change func(context.Context, DeliveryQuery, *AuditEntry) (int64, error)) (int64, error) {
	ctx = context.WithoutCancel(ctx)
	found, err := c.store.DeadLetters(ctx, q)
	if err != nil {
		return 0, err
	}
	if len(found) == 0 || q.BridgeID == "" {
		return 0, Errorf(CodeNotFound, "there is no dead letter of %s", q.subject())
	}
	entry := AuditEntry{Action: action, Subject: q.BridgeID, Detail: counted(int64(len(found)), "dead letter")}
	if q.SessionID != "" {
		entry.ProjectID = found[0].ProjectID
		entry.Detail = fmt.Sprintf("%s, event %d of session %s", found[0].Type, q.Seq, AuditSubject(q.SessionID))
	}
	return change(ctx, q, c.audited(ctx, entry))
}
