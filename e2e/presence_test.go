package e2e

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// What operators say of themselves, what a back end tells pages and what a visitor
// thinks goes all the way, also over a restart.
func TestOperatorsAndPagesTellEachOther(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		ann := w.visitorWith(t.Context(), visitor.Options{Looks: "7331", Name: "Ann"})
		<-ann.Post(t.Context(), "hello from Ann").Acked
		topic := w.telegramShows("hello from Ann")
		w.sees("somebody is there", ann, func(s visitor.State) bool { return s.Online })

		olga := w.telegram.Operator("Olga")
		olga.Message(topic, "/away")
		w.sees("nobody is there", ann, func(s visitor.State) bool { return !s.Online })
		w.telegramShows("Olga is away: visitors are told that nobody is there, until somebody writes /online")
		if err := w.core.Kill(); err != nil {
			t.Fatal(err)
		}
		w.start()
		bob := w.visitorWith(t.Context(), visitor.Options{Looks: "7331"})
		<-bob.Post(t.Context(), "hello from Bob").Acked
		w.sees("nobody is there after a restart", bob, func(s visitor.State) bool { return s.Connected && !s.Online })
		w.telegramShows("Probably the visitor of " + ann.State().SessionID + " (Ann)")
		olga.Message(topic, "/online")
		for _, v := range []*visitor.Visitor{ann, bob} {
			w.sees("somebody is there again", v, func(s visitor.State) bool { return s.Connected && s.Online })
		}

		w.emit("/v1/sessions/"+ann.State().SessionID+"/emit", "for_ann")
		w.emit("/v1/emit", "for_all")
		w.sees("both", ann, func(s visitor.State) bool { return slices.Equal(s.Emits, []string{"for_ann", "for_all"}) })
		w.sees("what is for all", bob, func(s visitor.State) bool { return slices.Equal(s.Emits, []string{"for_all"}) })

		if err := ann.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := ann.Rate(t.Context(), 4, "quick and kind"); err != nil {
			t.Fatal(err)
		}
		w.telegramShows("★★★★☆ quick and kind")
		for _, v := range []*visitor.Visitor{ann, bob} {
			if faults := v.State().Faults; len(faults) > 0 {
				t.Errorf("told wrong: %v", faults)
			}
		}
	})
}

func (w *world) sees(what string, v *visitor.Visitor, so func(visitor.State) bool) {
	w.t.Helper()
	w.eventually("the visitor to see: "+what, func() bool { return so(v.State()) })
}

// telegramShows waits for a text of the bot and answers with its topic.
func (w *world) telegramShows(text string) (topic int) {
	w.t.Helper()
	w.telegram.WaitFor(w.t, func(s telegramtest.State) bool {
		i := slices.IndexFunc(s.Messages, func(m telegramtest.Message) bool { return m.From.Bot && strings.Contains(m.Text, text) })
		if i >= 0 {
			topic = s.Messages[i].Topic
		}
		return i >= 0
	})
	return topic
}

// emit has the back end tell pages something.
func (w *world) emit(path, name string) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodPost, w.core.URL+path, strings.NewReader(`{"name":"`+name+`"}`))
	if err != nil {
		w.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+secretKey)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusNoContent {
		w.t.Fatalf("%s answers %s", path, resp.Status)
	}
}
