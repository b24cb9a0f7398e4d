package web

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// A fingerprint is kept hashed, for one project, and neither visitors nor back ends
// see any of it.
func TestFingerprintsAreHints(t *testing.T) {
	h := newHouse(t)
	const raw = "733151901234"
	h.acme.Origins = append(h.acme.Origins, otherOrigin)
	first, w := h.open(obj{"fingerprint": raw, "language": "fr"})
	known := first.post("1", "x").text("session")
	second, _ := h.open(obj{"fingerprint": raw})
	session := second.post("1", "y").text("session")
	if session == known {
		t.Fatal("a fingerprint has opened a session")
	}
	notices := func(projectID, sessionID string) (all []string) {
		t.Helper()
		events, err := h.store.Events(context.Background(), projectID, sessionID, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range events {
			if e.Type == core.Notice {
				all = append(all, string(e.Data))
			}
		}
		return all
	}
	if got := notices(h.acme.ID, session); len(got) != 1 || !strings.Contains(got[0], "Probably the visitor of "+known) {
		t.Errorf("operators are told %v", got)
	}
	elsewhere := h.dial(otherOrigin)
	elsewhere.send(obj{"type": "hello", "key": h.other.PublicKey, "fingerprint": raw})
	elsewhere.want("welcome")
	if got := notices(h.other.ID, elsewhere.post("1", "z").text("session")); len(got) != 0 {
		t.Errorf("another project's operators are told %v", got)
	}
	kept, err := h.chat.Session(context.Background(), h.acme.ID, known, 10)
	if err != nil {
		t.Fatal(err)
	}
	_, backend := h.backend("GET", "/v1/sessions/"+session, nil)
	second.send(obj{"type": "history", "id": "h", "session": session})
	second.answer("h")
	_, again := h.again(w, nil)
	for what, seen := range map[string]any{"metadata": kept.Metadata, "back ends": backend, "the visitor": second.got, "a welcome": again} {
		if s := fmt.Sprint(seen); strings.Contains(s, raw) || strings.Contains(s, "Probably") || strings.Contains(s, "ingerprint:") {
			t.Errorf("%s: %s", what, s)
		}
	}
}

// A rating is shown to back ends, and is not the visitor's to see again.
func TestRatings(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("1", "x").text("session")
	equal(t, "closed", p.ask(obj{"type": "close", "id": "c"}).text("type"), "ok")
	for i, score := range []int{2, 5, 5} {
		equal(t, "rated", p.ask(obj{"type": "rate", "id": fmt.Sprint("r", i), "score": score, "comment": "so so"}).text("type"), "ok")
	}
	_, o := h.backend("GET", "/v1/sessions/"+session, nil)
	equal(t, "rating", fmt.Sprint(o.at("rating")), "map[comment:so so score:5]")
	_, o = h.backend("GET", "/v1/sessions", nil)
	equal(t, "in the list", fmt.Sprint(obj(o.at("sessions").([]any)[0].(map[string]any)).at("rating")), "map[comment:so so score:5]")
	for range 2 {
		e := p.event("session.rated")
		equal(t, "the event", e.at("event", "data"), nil)
	}
	_, again := h.again(w, nil)
	equal(t, "in a welcome", again.at("session", "rating"), nil)
	equal(t, "still closed", again.text("session", "status"), "closed")
	p.ask(obj{"type": "track", "id": "t", "name": "x"})
	for _, o := range p.got {
		if o.text("event", "type") == "session.rated" {
			t.Errorf("told again: %v", o)
		}
	}
}

// A visitor who stays for long was here until they left.
func TestWhenALongVisitEnded(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	seen := func() core.Time {
		t.Helper()
		v, err := h.store.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
		if err != nil {
			t.Fatal(err)
		}
		return v.LastSeen
	}
	came := seen()
	h.clock.Add(int64(10 * time.Minute))
	_ = p.conn.CloseNow()
	until(t, "it is known when they left", func() bool { return seen()-came >= core.Time(10*time.Minute/time.Millisecond) })
}
