package kit

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Seen is a message of a thread as the platform shows it now.
type Seen struct {
	ID       string
	Revision string // of its newest edit; empty: never edited
	Own      bool   // the bridge wrote it
}

// Missed compares a thread's history from one id (empty: the beginning) to its end
// with the host's links of the thread, which were read before: which messages of
// operators are new, which were edited and which deleted meanwhile. The ids are
// numbers; the answers ascend.
func Missed(known []plugin.Link, from string, now []Seen) (created, edited, deleted []string) {
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
		if !l.Deleted && !there[l.ExternalID] && !strings.Contains(l.ExternalID, seam) && compareIDs(l.ExternalID, from) >= 0 {
			deleted = append(deleted, l.ExternalID)
		}
	}
	for _, ids := range [][]string{created, edited, deleted} {
		slices.SortFunc(ids, compareIDs)
	}
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
