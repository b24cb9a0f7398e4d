package kit_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// Find finds by the key, as the memory's own search does.
func (m *memory) Find(_ context.Context, s kit.Search) (id string, err error) {
	for _, t := range m.threads {
		for _, old := range t.messages {
			if t.id == s.Thread.ID && slices.Contains(s.Keys, old.key) && !old.deleted {
				id = old.id
			}
		}
	}
	return id, nil
}

// The host was killed before it learned that a message was sent, and the visitor
// changed it meanwhile: the events come again with the message as it is now.
func TestCourierFindsWhatChangedMeanwhile(t *testing.T) {
	r := newRig(t, kit.Format{})
	r.event(plugin.SessionOpened, nil)
	known := r.links
	gone, changed := visitorSays("msg_1", "secret"), visitorSays("msg_2", "before")
	r.event(plugin.MessagePosted, gone)
	r.event(plugin.MessagePosted, changed)
	r.links = known
	gone = &plugin.Message{ID: "msg_1", Sender: "visitor", Deleted: true}
	changed = edited(changed, "after")
	for _, m := range []*plugin.Message{gone, changed} {
		r.deliver(&plugin.Event{Type: plugin.MessagePosted, Message: m, Uncertain: true})
	}
	r.event(plugin.MessageDeleted, gone)
	r.event(plugin.MessageEdited, changed)
	r.wantSaid("Anna: after")
	if got := r.event(plugin.MessageEdited, changed); got.Calls != -1 {
		t.Errorf("the same edit again costs %d calls", got.Calls)
	}
}

// An edit that is doubted itself shows the new text, whatever was there before.
func TestCourierEditsWhatItFinds(t *testing.T) {
	r := newRig(t, kit.Format{})
	r.event(plugin.SessionOpened, nil)
	known := r.links
	m := visitorSays("msg_1", "before")
	r.event(plugin.MessagePosted, m)
	r.links = known
	r.deliver(&plugin.Event{Type: plugin.MessageEdited, Message: edited(m, "after"), Uncertain: true})
	r.wantSaid("Anna: after")
}

// What is told in several parts is linked to nothing: after a crash each part is in
// doubt.
func TestCourierTellsEachPartOnce(t *testing.T) {
	r := newRig(t, kit.Format{})
	r.event(plugin.SessionOpened, nil)
	e := &plugin.Event{Type: plugin.Notice, Data: []byte(`{"text":"` + strings.Repeat("many words ", 50) + `"}`)}
	r.deliver(e)
	told := len(r.said())
	e.Uncertain = true
	r.deliver(e)
	if got := r.said(); told < 2 || len(got) != told {
		t.Errorf("told %q", got)
	}
}
