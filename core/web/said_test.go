package web

import (
	"strings"
	"testing"
)

// A session that is opened by a request of its own knows the page and the browser
// that the hello of an earlier request told of, and where the visitor went since.
func TestWhatAPageSaidHoldsForItsRequests(t *testing.T) {
	h := newHouse(t)
	header := map[string]string{"Origin": acmeOrigin, "Content-Type": "application/json"}
	frames := func(list ...obj) obj {
		t.Helper()
		status, o, _ := h.call("POST", "/v1/frames", header, obj{"wrapped": list}.at("wrapped"))
		equal(t, "status", status, 200)
		answers, err := decodeList(o.text("raw"))
		if err != nil || len(answers) == 0 {
			return nil
		}
		return obj(answers[len(answers)-1].(map[string]any))
	}
	hello := obj{"type": "hello", "key": h.acme.PublicKey, "language": "fr", "fingerprint": "7331", "page": obj{"url": acmeOrigin + "/bowls", "title": "Bowls"}}
	for try := range 2 {
		delete(header, "Authorization")
		header["Authorization"] = "Bearer " + frames(hello).text("visitor", "token")
		frames(obj{"type": "page", "url": acmeOrigin + "/bowls/blue", "title": "The blue one"})
		id := frames(obj{"type": "post", "id": "1", "text": "hi"}).text("session")
		s, err := h.store.Session(t.Context(), h.acme.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		equal(t, "page", s.Metadata["url"]+" "+s.Metadata["title"], acmeOrigin+"/bowls/blue The blue one")
		equal(t, "language", s.Metadata["language"], "fr")
		events, err := h.store.Events(t.Context(), h.acme.ID, id, 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		hinted := false
		for _, e := range events {
			hinted = hinted || strings.Contains(string(e.Data), "Probably the visitor of")
		}
		equal(t, "a browser that looks the same", hinted, try == 1)
	}
}
