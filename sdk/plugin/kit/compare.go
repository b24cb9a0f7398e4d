package kit

import (
	"cmp"
	"slices"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Seen is a message of a thread as the platform shows it now.
type Seen struct {
	ID       string
	Revision string // of its newest edit; empty: never edited
	Own      bool   // the bridge wrote it
}

// Missed compares a piece of a thread's history, without gaps, with the host's links
// of the thread: which messages of operators are new, which were edited and which
// deleted meanwhile. Ids ascend, as numbers.
func Missed(known []plugin.Link, now []Seen) (created, edited, deleted []string) {
	if len(now) == 0 {
		return nil, nil, nil
	}
	now = slices.SortedFunc(slices.Values(now), func(a, b Seen) int { return compareIDs(a.ID, b.ID) })
	links := map[string]plugin.Link{}
	for _, l := range known {
		links[l.ExternalID] = l
	}
	there := map[string]bool{}
	for _, s := range now {
		there[s.ID] = true
		l, ok := links[s.ID]
		switch {
		case s.Own:
		case !ok:
			created = append(created, s.ID)
		case !l.Deleted && s.Revision != "" && compareIDs(s.Revision, l.Revision) > 0:
			edited = append(edited, s.ID)
		}
	}
	for _, l := range known {
		within := compareIDs(l.ExternalID, now[0].ID) >= 0 && compareIDs(l.ExternalID, now[len(now)-1].ID) <= 0
		if within && !l.Deleted && !there[l.ExternalID] {
			deleted = append(deleted, l.ExternalID)
		}
	}
	slices.SortFunc(deleted, compareIDs)
	return created, edited, deleted
}

// compareIDs compares numbers of any length, with decimals or without.
func compareIDs(a, b string) int {
	return cmp.Or(cmp.Compare(whole(a), whole(b)), cmp.Compare(a, b))
}

// whole is the length of the number before the point.
func whole(s string) int {
	for i, r := range s {
		if r == '.' {
			return i
		}
	}
	return len(s)
}
