package e2e

import (
	"crypto/rand"
	"fmt"
	"net/http"
	"strings"

	"github.com/pocketping/pocketping/sdk/client"
)

// side is one of the two projects, and who is in it.
type side struct {
	slug, origin, id         string
	public, secret, identity string
	mark                     string // stands in its settings
	guests                   []*dweller
}

const (
	sideResidents = 4 // they are only tried
	sideIntruders = 2 // they try, the last guests of a side
)

func newSide(slug string) *side {
	pad := strings.Repeat(slug[:1], 30)
	return &side{slug: slug, origin: "https://" + slug + ".example", public: "pk_" + pad, secret: "sk_" + pad, identity: "ik_" + pad, mark: "mark-" + slug}
}

func (s *side) keys() string {
	return fmt.Sprintf("  origins      = [%q]\n  public_key   = %q\n  secret_key   = %q\n  identity_key = %q", s.origin, s.public, s.secret, s.identity)
}

func (s *side) residents() []*dweller { return s.guests[:sideResidents] }

func (s *side) intruders() []*dweller { return s.guests[sideResidents:] }

func (s *side) backend() http.Header { return http.Header{"Authorization": {"Bearer " + s.secret}} }

// dweller is a visitor of a side with something in everything that is kept of one.
type dweller struct {
	side           *side
	mark           string // in every word of theirs, and of operators to them
	subject, looks string
	token, id      string
	session        string
	said           []string // messages of their own
	heard          []string // messages of operators
	note           string
	file, link     string
	loose          string // a file that no message has claimed
}

// ids are what others may have got to know of the guest.
func (g *dweller) ids() []string {
	return append(append([]string{g.id, g.session, g.file, g.loose, g.note}, g.said...), g.heard...)
}

func (g *dweller) header() http.Header {
	return http.Header{"Authorization": {"Bearer " + g.token}, "Origin": {g.side.origin}}
}

// settle fills the side with guests.
func (s *side) settle(w *world, people int) {
	var project struct{ ID string }
	w.call(http.MethodGet, w.core.URL+"/v1/project", s.backend(), nil, &project)
	s.id = project.ID
	for i := range people {
		// Who has the same number on the other side comes with the same browser and is
		// known there under the same name.
		g := &dweller{side: s, mark: fmt.Sprintf("zq%s%dqz", s.slug, i), subject: fmt.Sprint("user-", i), looks: fmt.Sprint("browser-", i)}
		s.guests = append(s.guests, g)
		g.arrive(w)
		if i == 1 { // a session that has ended, and something that was taken back
			w.call(http.MethodDelete, w.core.URL+"/v1/sessions/"+g.session+"/messages/"+g.heard[0], s.backend(), nil, nil)
			g.frames(w, map[string]any{"type": "close", "id": rand.Text()})
		}
	}
}

type frameAnswer struct {
	Type    string
	Message struct {
		ID          string
		Attachments []struct{ URL string }
	}
	Visitor struct{ ID, Token string }
	Session any
}

// frames sends frames that must be taken.
func (g *dweller) frames(w *world, frames ...map[string]any) (answers []frameAnswer) {
	w.t.Helper()
	header := http.Header{"Origin": {g.side.origin}}
	if g.token != "" {
		header = g.header()
	}
	w.call(http.MethodPost, w.core.URL+"/v1/frames", header, frames, &answers)
	for i, a := range answers {
		if a.Type == "error" {
			w.t.Fatalf("%v is answered with %+v", frames[i], a)
		}
	}
	return answers
}

func (g *dweller) arrive(w *world) {
	w.t.Helper()
	a := g.frames(w, g.hello())
	g.id, g.token = a[0].Visitor.ID, a[0].Visitor.Token
	who := map[string]any{"type": "identify", "id": rand.Text(), "traits": map[string]string{"name": "Name " + g.mark, "email": g.mark + "@mail.example", "plan": g.mark}}
	if strings.HasSuffix(g.subject, "0") {
		jwt, err := client.SignIdentity(g.side.identity, client.Identity{Subject: g.subject, Name: "Name " + g.mark, Email: g.mark + "@mail.example"})
		if err != nil {
			w.t.Fatal(err)
		}
		who = map[string]any{"type": "identify", "id": rand.Text(), "identity": jwt}
	}
	g.frames(w, who)
	g.loose, _ = g.upload(w, "loose")
	g.talk(w)
}

func (g *dweller) hello() map[string]any {
	return map[string]any{
		"type": "hello", "key": g.side.public, "language": "fr", "timezone": "Europe/Paris", "screen": "1x1 " + g.mark, "fingerprint": g.looks,
		"page": map[string]string{"url": g.side.origin + "/" + g.mark, "title": "title " + g.mark, "referrer": "https://from.example/" + g.mark},
	}
}

// talk makes a session with all that a session has.
func (g *dweller) talk(w *world) {
	w.t.Helper()
	file, _ := g.upload(w, "file")
	a := g.frames(w, g.hello(), // a session that opens is told where
		map[string]any{"type": "post", "id": rand.Text(), "text": "first " + g.mark},
		map[string]any{"type": "post", "id": rand.Text(), "text": "with a file " + g.mark, "attachments": []string{file}},
		map[string]any{"type": "post", "id": rand.Text(), "text": "third " + g.mark},
		map[string]any{"type": "track", "id": rand.Text(), "name": "clicked " + g.mark, "data": map[string]string{"what": g.mark}},
		map[string]any{"type": "page", "url": g.side.origin + "/next-" + g.mark, "title": "next " + g.mark},
		map[string]any{"type": "rate", "id": rand.Text(), "score": 4, "comment": "comment " + g.mark},
	)
	a = a[1:]
	g.session, _ = a[0].Session.(string)
	g.file, g.link = file, a[1].Message.Attachments[0].URL
	for _, one := range a[:3] {
		g.said = append(g.said, one.Message.ID)
	}
	at := w.core.URL + "/v1/sessions/" + g.session
	for _, path := range []string{"/messages", "/messages", "/notes"} {
		var m struct{ ID string }
		w.call(http.MethodPost, at+path, g.side.backend(), map[string]any{"text": "operator " + g.mark, "author": map[string]string{"name": "Operator " + g.mark}}, &m)
		if path == "/notes" {
			g.note = m.ID
		} else {
			g.heard = append(g.heard, m.ID)
		}
	}
	w.call(http.MethodPost, at+"/claim", g.side.backend(), map[string]any{"operator": map[string]string{"id": g.mark, "name": "Claims " + g.mark}}, nil)
	g.frames(w, map[string]any{"type": "edit", "id": rand.Text(), "message": g.said[0], "text": "edited " + g.mark})
}

func (g *dweller) upload(w *world, name string) (id, link string) {
	w.t.Helper()
	contentType, body := form(name+" "+g.mark+".txt", []byte("bytes of "+g.mark))
	var a struct{ ID, URL string }
	w.request(http.MethodPost, w.core.URL+"/v1/uploads", contentType, g.header(), body, &a)
	return a.ID, a.URL
}
