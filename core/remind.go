package core

import "time"

// Reminder says when operators are told of a visitor whom nobody answers. Both times
// count from the visitor's message, within the hours.
type Reminder struct {
	After    time.Duration
	Escalate time.Duration // zero: never
	To       string        // id of the bridge that is told then; empty: all
	Name     string        // of whom that mentions; empty: nobody
	Mention  []string      // their ids on the platforms
}
