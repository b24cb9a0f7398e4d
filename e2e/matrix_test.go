package e2e

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
)

// actions are everything that can be done in a session, in the order in which they
// are done.
var actions = []string{"new", "name", "edit", "reply", "file", "note", "delete", "close", "reopen"}

// matrix is what was seen of each action, by origin and destination.
type matrix struct {
	*world
	places []place
	cells  map[[3]string]string
}

// TestEveryActionFromEverywhereToEverywhere does everything in every place and looks
// at every place for what came of it: in the simulators' state, in what the inbox
// and a back end read, and in what the visitor's socket was told.
func TestEveryActionFromEverywhereToEverywhere(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) {
		m := &matrix{world: newWorldOf(t, url, everyBridge), cells: map[[3]string]string{}}
		m.places = m.everyPlace()
		defer m.print()
		for _, p := range m.places {
			m.talk(p)
			m.close(p)
		}
		for _, p := range m.places {
			m.once(p)
		}
		m.complete()
		if pinged := m.discord.State().Pinging(); len(pinged) > 0 {
			t.Errorf("Discord calls people: %+v", pinged)
		}
		if state := m.slack.State(); len(state.Violations) > 0 || len(state.Unthreaded()) > 0 {
			t.Errorf("Slack: violations %+v, in the channel %+v", state.Violations, state.Unthreaded())
		}
	})
}

// seen waits until the destination shows what it must, and notes the cell.
func (m *matrix) seen(action string, from, to place, ok func() bool) {
	m.t.Helper()
	means, possible := to.how("shown " + action)
	mark := "✓"
	if own, _ := from.how(action); own != "" {
		mark += " " + own
	}
	if means != "" {
		mark += " " + means
	}
	if !possible {
		mark = "– " + means
	} else {
		m.eventually(fmt.Sprintf("%s from %s to be seen in %s, which shows %+v", action, from.name(), to.name(), last(to.lines())), ok)
	}
	m.cells[[3]string{action, from.name(), to.name()}] = mark
}

func last(lines []entry) []entry { return lines[max(0, len(lines)-4):] }

// impossible notes what the origin says of an action that cannot be done there.
func (m *matrix) impossible(action string, from place) bool {
	why, possible := from.how(action)
	if possible {
		return false
	}
	for _, to := range m.places {
		m.cells[[3]string{action, from.name(), to.name()}] = "– " + why
	}
	return true
}

func (m *matrix) everywhere(action string, from place, ok func(to place) bool) {
	m.t.Helper()
	for _, to := range m.places {
		m.seen(action, from, to, func() bool { return ok(to) })
	}
}

// talk does everything that is about messages.
func (m *matrix) talk(from place) {
	m.t.Helper()
	at := from.name()
	shows := func(text string) func(place) bool {
		return func(to place) bool { _, ok := find(to, text); return ok }
	}

	id := from.say("hello from "+at, "")
	m.everywhere("new", from, shows("hello from "+at))
	m.everywhere("name", from, func(to place) bool {
		l, _ := find(to, "hello from "+at)
		return l.who == m.shownAs(from, to)
	})
	from.edit(id, "hello again from "+at)
	m.everywhere("edit", from, func(to place) bool { return shows("hello again from "+at)(to) && !shows("hello from "+at)(to) })

	if !m.impossible("reply", from) {
		question, _ := find(from, "Do you ship to Norway?")
		from.say("answer from "+at, question.id)
		m.everywhere("reply", from, func(to place) bool {
			l, _ := find(to, "answer from "+at)
			return l.reply == "Do you ship to Norway?"
		})
	}
	from.file(at+".pdf", []byte("%PDF-1.4\n"+at), "file from "+at)
	m.everywhere("file", from, func(to place) bool {
		l, _ := find(to, "file from "+at)
		return l.file == at+".pdf"
	})
	if !m.impossible("note", from) {
		from.note("note from " + at)
		m.notes(from)
	}
	from.remove(id)
	m.everywhere("delete", from, func(to place) bool { return !shows("hello again from " + at)(to) })
}

// shownAs is how the destination calls whoever writes at the origin.
func (m *matrix) shownAs(from, to place) string {
	_, visitorWrites := from.(*pagePlace)
	_, atVisitor := to.(*pagePlace)
	_, atAPI := to.(*apiPlace)
	_, byAPI := from.(*apiPlace)
	switch {
	case visitorWrites:
		return "Anna"
	case (atVisitor || atAPI) && !byAPI:
		return "Acme support"
	}
	return "Olga"
}

// notes reach operators everywhere, and the visitor nowhere.
func (m *matrix) notes(from place) {
	m.t.Helper()
	text := "note from " + from.name()
	for _, to := range m.places {
		if _, ok := to.(*pagePlace); ok {
			continue
		}
		m.seen("note", from, to, func() bool {
			return slices.ContainsFunc(to.lines(), func(l entry) bool { return strings.HasSuffix(l.text, text) })
		})
	}
	for _, to := range m.places {
		if _, ok := to.(*pagePlace); !ok {
			continue
		}
		// What is said after the note has come; so the note has not.
		from.say("after the "+text, "")
		m.seen("note", from, to, func() bool { _, ok := find(to, "after the "+text); return ok })
		if _, leaked := find(to, text); leaked {
			m.t.Errorf("the visitor sees the %s", text)
		}
		m.cells[[3]string{"note", from.name(), to.name()}] = "✓ never"
	}
}

// close ends the session and lets it go on.
func (m *matrix) close(from place) {
	m.t.Helper()
	from.close()
	m.everywhere("close", from, func(to place) bool { return to.closed() })
	from.reopen()
	m.everywhere("reopen", from, func(to place) bool { return !to.closed() })
}

// once looks for echoes: nothing may stand twice in a place.
func (m *matrix) once(p place) {
	m.t.Helper()
	count := map[string]int{}
	for _, l := range p.lines() {
		count[l.text]++
	}
	for _, from := range m.places {
		for _, what := range []string{"answer from ", "file from "} {
			text := what + from.name()
			if _, possible := from.how("reply"); count[text] != 1 && (possible || what != "answer from ") {
				m.t.Errorf("%s shows %q %d times", p.name(), text, count[text])
			}
		}
	}
}

// complete makes sure that no cell is missing.
func (m *matrix) complete() {
	m.t.Helper()
	for _, action := range actions {
		for _, from := range m.places {
			for _, to := range m.places {
				if m.cells[[3]string{action, from.name(), to.name()}] == "" {
					m.t.Errorf("%s from %s to %s was not looked at", action, from.name(), to.name())
				}
			}
		}
	}
}

func (m *matrix) print() {
	var b bytes.Buffer
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	_, _ = fmt.Fprintf(w, "action\tfrom\\to\t%s\n", strings.Join(names(m.places), "\t"))
	for _, action := range actions {
		for _, from := range m.places {
			_, _ = fmt.Fprintf(w, "%s\t%s", action, from.name())
			for _, to := range m.places {
				_, _ = fmt.Fprintf(w, "\t%s", m.cells[[3]string{action, from.name(), to.name()}])
			}
			_, _ = fmt.Fprintln(w)
		}
	}
	_ = w.Flush() // a buffer takes everything
	m.t.Logf("the matrix:\n%s", b.String())
}
