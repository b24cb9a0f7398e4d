package telegramtest

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// String shows the state for a test that failed.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "chat %d, %d updates not acknowledged", s.ChatID, s.Pending)
	for _, t := range append([]Topic{{Name: "General"}}, s.Topics...) {
		fmt.Fprintf(&b, "\n  topic %d %q%s", t.ID, t.Name, simulator.Flags("closed", t.Closed, "deleted", t.Deleted))
		for _, m := range s.Messages {
			if m.Topic == t.ID && m.Service == "" {
				fmt.Fprintf(&b, "\n    %d %s: %q%s", m.ID, m.From.Name, m.Text, simulator.Flags("deleted", m.Deleted, "file", m.File != nil))
			}
		}
	}
	b.WriteString(simulator.LastCalls(s.Log, func(r Request) string { return fmt.Sprintf("%s → %d", r.Method, r.Status) }))
	return b.String()
}
