package visitor

import "context"

// State is what the page knows at one moment.
type State struct {
	VisitorID, Token, SessionID string
	Messages                    []Message // posted, ascending, as first seen
	Events                      []Event
	Delivered, Read             int64
	Unacked                     int
	Connected                   bool
	Welcomes                    int      // how often it was let in
	Reloads                     int      // how often it was too far behind, and shows the newest alone since
	Online                      bool     // somebody answers
	Emits                       []string // events of the back end, by name
	Faults                      []string // what a page must never see
}

// State returns what the page knows now.
func (v *Visitor) State() State {
	v.mu.Lock()
	defer v.mu.Unlock()
	s := State{
		Welcomes: v.hellos, Reloads: v.loads, VisitorID: v.id, Token: v.token, SessionID: v.sess, Delivered: v.delivd, Read: v.read,
		Online: v.online, Emits: append([]string(nil), v.emits...),
		Unacked: len(v.posts), Connected: v.conn != nil, Events: append([]Event(nil), v.events...),
		Faults: append([]string(nil), v.faults...),
	}
	for _, e := range s.Events {
		if e.Type == "message.posted" {
			s.Messages = append(s.Messages, *e.Message)
		}
	}
	return s
}

// Seen is how many messages State has, and how often the page was loaded anew; it
// costs nothing.
func (v *Visitor) Seen() (messages, reloads int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shown, v.loads
}

// Wait returns when the page's state satisfies ok, or with ctx's error.
func (v *Visitor) Wait(ctx context.Context, ok func(State) bool) error {
	for {
		v.mu.Lock()
		watch := v.watch
		v.mu.Unlock()
		if ok(v.State()) {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-watch:
		}
	}
}
