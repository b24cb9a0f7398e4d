package slacktest

import (
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// String shows the state for a test that failed.
func (s State) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "channel %s, %d sockets, %d not acknowledged, %d lost", s.Channel, s.Sockets, s.Pending, s.Lost)
	for _, m := range s.Messages {
		if m.Thread != "" {
			continue
		}
		b.WriteString("\n  " + m.line())
		for _, reply := range s.Messages {
			if reply.Thread == m.TS {
				b.WriteString("\n    " + reply.line())
			}
		}
	}
	for _, v := range s.Violations {
		fmt.Fprintf(&b, "\n  violation: %s", v)
	}
	b.WriteString(simulator.LastCalls(s.Log, func(r Request) string { return fmt.Sprintf("%s → %d %s", r.Method, r.Status, r.Error) }))
	return b.String()
}

func (m Message) line() string {
	return fmt.Sprintf("%s %s: %q%s", m.TS, m.Author, m.Rendered.Text,
		simulator.Flags("deleted", m.Deleted, "tombstone", m.Tombstone, "file", len(m.Files) > 0, "edited", m.Edited != "", "unthreaded", m.Wanted != "" && m.Thread == ""))
}
