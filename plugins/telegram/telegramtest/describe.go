package telegramtest

import (
	"fmt"
	"strings"
)

// String shows the state for a test that failed.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "chat %d, %d updates not acknowledged", s.ChatID, s.Pending)
	for _, t := range append([]Topic{{Name: "General"}}, s.Topics...) {
		fmt.Fprintf(&b, "\n  topic %d %q%s", t.ID, t.Name, flags("closed", t.Closed, "deleted", t.Deleted))
		for _, m := range s.Messages {
			if m.Topic == t.ID && m.Service == "" {
				fmt.Fprintf(&b, "\n    %d %s: %q%s", m.ID, m.From.Name, m.Text, flags("deleted", m.Deleted, "file", m.File != nil))
			}
		}
	}
	log := s.Log
	if len(log) > 20 {
		log = log[len(log)-20:]
	}
	b.WriteString("\n  last calls:")
	for _, r := range log {
		fmt.Fprintf(&b, "\n    %s → %d", r.Method, r.Status)
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
