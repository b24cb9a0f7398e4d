package core

import (
	"encoding/json"
	"slices"
	"strings"
)

// TrackRule says which tracked events operators see in their threads. Hooks and the
// back end's stream get all of them.
type TrackRule struct {
	Show []string // patterns of names, * for anything; nil: all
	Hide []string // the same, of those that are not shown after all
}

// shows reports whether operators see tracked events of the name.
func (r TrackRule) shows(name string) bool {
	is := func(pattern string) bool { return matches(pattern, name) }
	return (r.Show == nil || slices.ContainsFunc(r.Show, is)) && !slices.ContainsFunc(r.Hide, is)
}

// matches reports whether the pattern means the name; each * stands for anything.
func matches(pattern, name string) bool {
	parts := strings.Split(pattern, "*")
	first, last := parts[0], parts[len(parts)-1]
	if len(parts) == 1 {
		return pattern == name
	}
	name, begins := strings.CutPrefix(name, first)
	if !begins {
		return false
	}
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(name, part)
		if !found {
			return false
		}
		name = after
	}
	return strings.HasSuffix(name, last)
}

// tracked is the name of a tracked event; empty: it is another.
func tracked(e *Event) string {
	var d struct{ Name string }
	if e.Type == VisitorTracked {
		_ = json.Unmarshal(e.Data, &d) // what has no name is shown by none
	}
	return d.Name
}

// pageEvent is the name under which a turn of the page is kept: for the record only.
const pageEvent = "page"

// owe marks who is told of the events: all bridges, but of what was said not the one
// where it was said, and of what a page tracks those where nobody sees it. That a visitor
// turned a page is told to nobody.
func (p *Project) owe(events []Event, origin string) {
	for i := range events {
		e := &events[i]
		name := tracked(e)
		switch {
		case name == pageEvent:
		case e.isSaid():
			e.Owed = without(p.Bridges, func(b string) bool { return b == origin })
		case name != "" && !p.Track.shows(name):
			e.Owed = p.Hooks
		default:
			e.Owed = p.Bridges
		}
	}
}

func without(bridges []string, out func(string) bool) []string {
	return slices.DeleteFunc(slices.Clone(bridges), out)
}
