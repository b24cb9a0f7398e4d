package store

import (
	"slices"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// set collects ids to look up.
type set[K comparable] map[K]struct{}

func (s *set[K]) add(k K) {
	if *s == nil {
		*s = set[K]{}
	}
	(*s)[k] = struct{}{}
}

// onceKey and linkKey are primary keys of inbound and links.
type onceKey struct{ scope, key string }
type linkKey struct{ bridge, thread, external string }

func (r *inboundRow) key() onceKey { return onceKey{r.Bridge, r.EffectKey} }
func (r *linkRow) key() linkKey    { return linkKey{r.Bridge, r.Thread, r.ExternalID} }

// needs are the rows that the steps of a batch must see.
type needs struct {
	projects    set[string]
	sessions    set[string]
	visitors    set[string]
	active      set[string] // visitors whose active session counts
	messages    set[string]
	attachments set[string]
	onces       set[onceKey]
	links       set[linkKey]
}

// batch is the part of the database that the steps of one transaction work on,
// and what they decided to write. Every step locks its project's row first, in
// one order, so nodes that write to one project take turns and never deadlock;
// that also makes pos gap-free and in commit order.
type batch struct {
	tx    *gorm.DB
	needs needs
	wrote bool
	blind bool // nobody looked whether a key was used before

	positions   map[string]int64 // by project
	moved       set[string]      // projects whose position moved
	sessions    map[string]*sessionRow
	visitors    map[string]*visitorRow // those that exist
	active      map[string]string      // visitor → session
	messages    map[string]*messageRow
	attachments map[string]*attachmentRow
	onces       map[onceKey]*inboundRow
	links       map[linkKey]*linkRow

	saved      saved
	marked     touched[string, sessionRow] // whose seq, activity and marks alone moved
	newMessage []*messageRow
	events     []eventRow
	deliveries []deliveryRow
	newOnces   []*inboundRow
	tokens     []tokenRow
	newFiles   []attachmentRow
	gone       []threadRow
	settled    []core.Record
	dead       []deadRow
	presences  map[string]core.Presence // by project
}

// saved are rows to write over what is there, each once, in the order in which
// they were first touched.
type saved struct {
	sessions    touched[string, sessionRow]
	messages    touched[string, messageRow]
	attachments touched[string, attachmentRow]
	visitors    touched[string, visitorRow]
	links       touched[linkKey, linkRow]
	threads     touched[[2]string, threadRow]
	states      touched[[2]string, stateRow]
}

// touched keeps the last row of each key.
type touched[K comparable, R any] struct {
	rows map[K]*R
	keys []K
}

func (t *touched[K, R]) put(k K, r *R) {
	if t.rows == nil {
		t.rows = map[K]*R{}
	}
	if _, ok := t.rows[k]; !ok {
		t.keys = append(t.keys, k)
	}
	t.rows[k] = r
}

func (t *touched[K, R]) remove(k K) {
	if _, ok := t.rows[k]; ok {
		delete(t.rows, k)
		t.keys = slices.DeleteFunc(t.keys, func(have K) bool { return have == k })
	}
}

func (t *touched[K, R]) list() []*R {
	rows := make([]*R, len(t.keys))
	for i, k := range t.keys {
		rows[i] = t.rows[k]
	}
	return rows
}

func newBatch(tx *gorm.DB) *batch { return &batch{tx: tx} }

// mark writes the session's numbers only, which is what most changes need.
func (b *batch) mark(s *sessionRow) {
	if b.saved.sessions.rows[s.ID] == nil {
		b.marked.put(s.ID, s)
	}
}

// keep writes all of the session.
func (b *batch) keep(s *sessionRow) {
	b.marked.remove(s.ID)
	b.saved.sessions.put(s.ID, s)
}

// session is the row to change, or nil.
func (b *batch) session(projectID, id string) *sessionRow {
	if s := b.sessions[id]; s != nil && s.ProjectID == projectID {
		return s
	}
	return nil
}

// nextPos gives the project's next place.
func (b *batch) nextPos(projectID string) int64 {
	b.positions[projectID]++
	b.moved.add(projectID)
	return b.positions[projectID]
}

func sortedKeys(s set[string]) []string {
	keys := make([]string, 0, len(s))
	for k := range s {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
