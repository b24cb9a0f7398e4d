package core

import "fmt"

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
func (d *DeadLetter) ID() string { return fmt.Sprintf("%s/%s/%d", d.BridgeID, d.SessionID, d.Seq) }

// DeadLetterQuery asks for dead letters; what is empty or zero asks for any.
type DeadLetterQuery struct {
	BridgeID  string
	SessionID string
	Seq       int64
	Limit     int // 0: all
}

// Backlog is what one bridge is owed.
type Backlog struct {
	BridgeID string `json:"bridge"`
	Waiting  int64  `json:"waiting"`         // deliveries that are to be made
	Oldest   Time   `json:"oldest,omitzero"` // when the event happened that waits the longest
	Dead     int64  `json:"dead"`            // deliveries that can never be made: see DeadLetter
}
