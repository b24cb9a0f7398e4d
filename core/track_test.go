package core_test

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// What operators see of tracked events is up to the project; hooks and the stream get all.
func TestWhichTrackedEventsOperatorsSee(t *testing.T) {
	for _, tt := range []struct {
		rule core.TrackRule
		seen string // of the events below
	}{
		{core.TrackRule{}, "order_paid order_seen clicked a*b"},
		{core.TrackRule{Show: []string{"order_*"}}, "order_paid order_seen"},
		{core.TrackRule{Show: []string{"order_*", "clicked"}, Hide: []string{"*_seen"}}, "order_paid clicked"},
		{core.TrackRule{Show: []string{}}, ""},
		{core.TrackRule{Hide: []string{"*"}}, ""},
		{core.TrackRule{Show: []string{"o*r_*d", "cl*ck*"}}, "order_paid clicked"},
		{core.TrackRule{Show: []string{"order", "paid*paid", "ed*"}}, ""},
	} {
		h := newHouse(t)
		h.project.Bridges, h.project.Hooks, h.project.Track = []string{"acme.telegram", "acme.webhook"}, []string{"acme.webhook"}, tt.rule
		by := h.visitor()
		track := func(names ...string) {
			for _, name := range names {
				if _, err := h.Track(t.Context(), by, name, []byte(`{"n":1}`), ""); err != nil {
					t.Fatal(err)
				}
			}
		}
		track("order_paid", "order_seen") // before there is a session
		s := h.post(by, core.Post{Text: "hello"}).Session
		track("clicked", "a*b")
		events, err := h.EventsAfter(t.Context(), h.project.ID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		names := map[int64]string{}
		for _, e := range events {
			if name, found := strings.CutPrefix(string(e.Data), `{"name":"`); found {
				names[e.Seq], _, _ = strings.Cut(name, `"`)
			}
		}
		told := func(bridge string) string {
			owed, err := h.store.Owed(t.Context(), bridge)
			if err != nil {
				t.Fatal(err)
			}
			var words []string
			for _, d := range owed {
				if d.SessionID == s.ID && d.Type == core.VisitorTracked {
					words = append(words, names[d.Seq])
				}
			}
			return strings.Join(words, " ")
		}
		if got := told("acme.telegram"); got != tt.seen {
			t.Errorf("%+v: operators see %q, want %q", tt.rule, got, tt.seen)
		}
		if got := told("acme.webhook"); got != "order_paid order_seen clicked a*b" || len(names) != 4 {
			t.Errorf("%+v: the hook is told of %q, the stream of %d", tt.rule, got, len(names))
		}
	}
}
