package discordtest

import (
	"fmt"
	"strings"
)

// String shows the state for a test that failed.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gateway %+v", s.Gateway)
	for _, t := range s.Threads {
		fmt.Fprintf(&b, "\n  thread %s %q%s %v", t.ID, t.Name, flags("archived", t.Archived, "locked", t.Locked, "deleted", t.Deleted), t.Tags)
		for _, m := range s.Messages {
			if m.Channel == t.ID {
				fmt.Fprintf(&b, "\n    %s %s: %q%s", m.ID, m.Author.Name, m.Content, flags("edited", !m.Edited.IsZero(), "pings", len(m.Pings) > 0, "file", len(m.Files) > 0))
			}
		}
		for _, m := range s.Deleted {
			if m.Channel == t.ID {
				fmt.Fprintf(&b, "\n    %s %s: %q (deleted)", m.ID, m.Author.Name, m.Content)
			}
		}
	}
	log := s.Log
	if len(log) > 20 {
		log = log[len(log)-20:]
	}
	b.WriteString("\n  last calls:")
	for _, r := range log {
		fmt.Fprintf(&b, "\n    %s %s → %d %d", r.Method, r.Path, r.Status, r.Code)
	}
	return b.String()
}

func flags(pairs ...any) string {
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1].(bool) {
			fmt.Fprintf(&b, " (%s)", pairs[i])
		}
	}
	return b.String()
}
