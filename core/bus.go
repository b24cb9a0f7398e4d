package core

// Signal says that something happened in a session. Events, when there are any,
// are committed. A subscriber keeps its own place: the event after it is used at
// once, a later one makes it read the store, so nothing depends on the order in
// which signals arrive, nor on all of them arriving.
type Signal struct {
	ProjectID string
	VisitorID string
	SessionID string
	Events    []*Event
	Again     bool // the events have been published, unless the first answer was lost: who is owed any asks the store
	Live      *Live
	Bridges   []string // a Live for operators goes to these
}

// Bus carries signals to whoever listens on this node, or on all.
type Bus interface {
	// Publish calls every subscriber of the signal's topics.
	Publish(Signal)
	// Subscribe calls fn for every signal of the topic until cancel is called.
	// fn runs on the publisher's goroutine: it must return at once.
	Subscribe(topic string, fn func(Signal)) (cancel func())
}

// VisitorTopic is where the visitor's sockets listen.
func VisitorTopic(visitorID string) string { return "visitor/" + visitorID }

// BridgeTopic is where the runner of a bridge listens.
func BridgeTopic(bridgeID string) string { return "bridge/" + bridgeID }

// ProjectTopic is where back-end streams listen.
func ProjectTopic(projectID string) string { return "project/" + projectID }

// Topics are the topics that the signal belongs to.
func (s Signal) Topics() []string {
	topics := []string{ProjectTopic(s.ProjectID), VisitorTopic(s.VisitorID)}
	seen := map[string]bool{}
	add := func(bridges []string) {
		for _, b := range bridges {
			if !seen[b] {
				seen[b] = true
				topics = append(topics, BridgeTopic(b))
			}
		}
	}
	for _, e := range s.Events {
		add(e.Owed)
	}
	add(s.Bridges)
	return topics
}
