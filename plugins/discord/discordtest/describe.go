package discordtest

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// String shows the state for a test that failed.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "gateway %+v", s.Gateway)
	for _, t := range s.Threads {
		fmt.Fprintf(&b, "\n  thread %s %q%s %v", t.ID, t.Name, simulator.Flags("archived", t.Archived, "locked", t.Locked, "deleted", t.Deleted), t.Tags)
		for _, m := range s.Messages {
			if m.Channel == t.ID {
				fmt.Fprintf(&b, "\n    %s %s: %q%s", m.ID, m.Author.Name, m.Content, simulator.Flags("edited", !m.Edited.IsZero(), "pings", len(m.Pings) > 0, "file", len(m.Files) > 0))
			}
		}
		for _, m := range s.Deleted {
			if m.Channel == t.ID {
				fmt.Fprintf(&b, "\n    %s %s: %q (deleted)", m.ID, m.Author.Name, m.Content)
			}
		}
	}
	b.WriteString(simulator.LastCalls(s.Log, func(r Request) string { return fmt.Sprintf("%s %s → %d %d", r.Method, r.Path, r.Status, r.Code) }))
	return b.String()
}
