package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// receiver answers what the test says and keeps what came.
type receiver struct {
	*httptest.Server

	mu     sync.Mutex
	answer http.HandlerFunc
	bodies []string
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, _ := io.ReadAll(req.Body)
		r.mu.Lock()
		r.bodies = append(r.bodies, string(body))
		answer := r.answer
		r.mu.Unlock()
		if answer != nil {
			answer(w, req)
		}
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) answers(status int, header ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.answer = func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}

func (r *receiver) calls() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.bodies)
}

// rig is a hook, the receiver that it calls, and a session to send from.
type rig struct {
	*receiver
	hook    *hook
	session *plugintest.Session
}

func newRig(t *testing.T, change ...func(*Config)) *rig {
	t.Helper()
	r := newReceiver(t)
	c := Config{URL: r.URL + "/hook?key=CANARY", Secret: "CANARY of sixteen or more", AllowPrivate: true, Timeout: 1}
	for _, f := range change {
		f(&c)
	}
	host := plugintest.NewHost(t)
	host.ProjectList = []plugin.Project{{ID: "proj_0", Slug: "other"}, {ID: "proj_1", Slug: "acme", Name: "Acme"}}
	b, err := newHook(t.Context(), c, host)
	if err != nil {
		t.Fatal(err)
	}
	return &rig{r, b.(*hook), plugintest.NewSession(host, b)}
}

func (r *rig) deliver(t *testing.T, e *plugin.Event) *plugin.Failure {
	t.Helper()
	_, err := r.session.Deliver(t.Context(), e)
	if err == nil {
		return nil
	}
	var f *plugin.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v says nothing to the core", err)
	}
	if strings.Contains(err.Error(), "CANARY") {
		t.Errorf("the error holds a secret: %v", err)
	}
	return f
}

func TestWhatBecomesOfAnAnswer(t *testing.T) {
	for name, c := range map[string]struct {
		status int
		header []string
		age    time.Duration
		kind   plugin.FailureKind // 0: taken
		scope  string
		words  string
	}{
		"taken":             {status: 200},
		"taken, no content": {status: 204},
		"an error":          {status: 500, kind: plugin.FailureRetryAfter, scope: plugin.ScopeThread, words: "500 Internal Server Error"},
		"unknown there":     {status: 404, kind: plugin.FailureRetryAfter, scope: plugin.ScopeThread, words: "404 Not Found"},
		"a redirect":        {status: 302, header: []string{"Location", "https://example.com"}, kind: plugin.FailureRetryAfter, scope: plugin.ScopeThread, words: "redirects are not followed"},
		"too much":          {status: 429, header: []string{"Retry-After", "9"}, kind: plugin.FailureRetryAfter, words: "429"},
		"gone":              {status: 410, kind: plugin.FailureUnusable, words: "410 Gone"},
		"for a day":         {status: 500, age: 25 * time.Hour, kind: plugin.FailurePermanent, words: "given up after a day: it answers 500"},
		"after a day":       {status: 200, age: 25 * time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.answers(c.status, c.header...)
			e := r.session.Event(plugin.MessagePosted, r.session.Message("hello"))
			e.At = e.At.Add(-c.age)
			f := r.deliver(t, e)
			if c.kind == 0 {
				if f != nil {
					t.Errorf("it fails: %+v", f)
				}
				return
			}
			if f == nil || f.Kind != c.kind || f.Scope != c.scope || !strings.Contains(f.Error(), c.words) {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestAReceiverThatIsGoneIsLeftAlone(t *testing.T) {
	r := newRig(t)
	r.answers(http.StatusGone)
	for range 3 {
		if f := r.deliver(t, r.session.Event(plugin.SessionOpened, nil)); f == nil || f.Kind != plugin.FailureUnusable {
			t.Errorf("%+v", f)
		}
	}
	if r.calls() != 1 {
		t.Errorf("it was called %d times", r.calls())
	}
}

func TestAPrivateReceiverIsNotCalled(t *testing.T) {
	r := newRig(t, func(c *Config) { c.AllowPrivate = false })
	f := r.deliver(t, r.session.Event(plugin.SessionOpened, nil))
	if f == nil || f.Kind != plugin.FailureUnusable || !strings.Contains(f.Error(), "allow_private") || r.calls() != 0 {
		t.Errorf("%+v, %d calls", f, r.calls())
	}
	if found := r.hook.Check(t.Context()); len(found) != 1 || found[0].OK || !strings.Contains(found[0].Text, "no public address") {
		t.Errorf("the check says %+v", found)
	}
}

func TestCheckConnectsAndSaysNothing(t *testing.T) {
	r := newRig(t)
	if found := r.hook.Check(t.Context()); len(found) != 1 || !found[0].OK || r.calls() != 0 {
		t.Errorf("%+v, %d calls", found, r.calls())
	}
	r.Close()
	if found := r.hook.Check(t.Context()); len(found) != 1 || found[0].OK {
		t.Errorf("%+v", found)
	}
	secure := httptest.NewUnstartedServer(http.NotFoundHandler())
	secure.Config.ErrorLog = log.New(io.Discard, "", 0) // it tells of the handshake that fails
	secure.StartTLS()
	defer secure.Close()
	r = newRig(t, func(c *Config) { c.URL = secure.URL })
	if found := r.hook.Check(t.Context()); len(found) != 1 || found[0].OK || !strings.Contains(found[0].Text, "certificate") {
		t.Errorf("a certificate of nobody's: %+v", found)
	}
}

// A run that has little time left is cut short, not broken off in the middle of a
// call.
func TestWhatDoesNotFitIntoTheCallFollows(t *testing.T) {
	r := newRig(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Second)
	defer cancel()
	_, err := r.session.Deliver(ctx, r.session.Event(plugin.SessionOpened, nil))
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != plugin.FailureRetryAfter || f.Scope != plugin.ScopeThread || f.RetryAfter > time.Second || r.calls() != 0 {
		t.Errorf("%+v, %d calls", err, r.calls())
	}
}

func TestLogTellsOfAttempts(t *testing.T) {
	r := newRig(t)
	e := r.session.Event(plugin.MessagePosted, r.session.Message("hello CANARY"))
	r.answers(503)
	_ = r.deliver(t, e)
	r.answers(200)
	_ = r.deliver(t, e)
	r.Close()
	_ = r.deliver(t, r.session.Event(plugin.MessagePosted, r.session.Message("more")))
	w := httptest.NewRecorder()
	r.hook.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/log", nil))
	var page struct {
		Attempts []struct {
			ID, Type, Session, Error string
			Status, Events           int
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Attempts) != 3 {
		t.Fatalf("%v %s", err, w.Body)
	}
	if strings.Contains(w.Body.String(), "CANARY") {
		t.Errorf("the log holds a secret: %s", w.Body)
	}
	broken, taken, refused := page.Attempts[0], page.Attempts[1], page.Attempts[2]
	if refused.Status != 503 || refused.Error == "" || refused.Type != plugin.MessagePosted || refused.ID != "evt_conform_1" || refused.Session != "sess_conform" {
		t.Errorf("the first attempt is %+v", refused)
	}
	if taken.Status != 200 || taken.Error != "" || taken.ID != refused.ID || taken.Events != 1 {
		t.Errorf("the second is %+v", taken)
	}
	if broken.Status != 0 || !strings.Contains(broken.Error, "refused") || broken.ID != "evt_conform_2" {
		t.Errorf("the third is %+v", broken)
	}
}

func TestBody(t *testing.T) {
	r := newRig(t)
	at := time.Date(2026, 5, 4, 3, 2, 1, 123456789, time.FixedZone("CEST", 7200))
	m := r.session.Message("Hi <b>there</b>")
	m.Sender, m.Name, m.Avatar, m.Via, m.ReplyTo = "operator", "Olga Berg", "https://a.example/o.png", "acme.telegram", "msg_0"
	m.Author, m.ClientID, m.DeletedAt = "Olga", "c-1", at.Add(2*time.Second)
	m.CreatedAt, m.EditedAt = at, at.Add(time.Second)
	m.Attachments = []plugin.Attachment{{ID: "att_1", Name: "a.pdf", Type: "application/pdf", Size: 12, URL: "https://chat.example/f"}}
	e := r.session.Event(plugin.MessageEdited, m)
	e.At = at
	e.Session.CreatedAt, e.Session.LastActivity = at, at
	e.Session.Visitor.Subject, e.Session.Visitor.Traits = "user-7", map[string]string{"plan": "pro"}
	if f := r.deliver(t, e); f != nil {
		t.Fatal(f)
	}
	var got, want any
	if err := json.Unmarshal([]byte(r.bodies[0]), &got); err != nil {
		t.Fatal(err)
	}
	err := json.Unmarshal([]byte(`{
		"id": "evt_conform_1", "type": "message.edited", "seq": 1, "sessionId": "sess_conform", "at": "2026-05-04T01:02:01.123Z",
		"message": {
			"id": "msg_1", "seq": 1, "sessionId": "sess_conform", "sender": "operator", "text": "Hi <b>there</b>",
			"author": {"name": "Olga", "avatar": "https://a.example/o.png"}, "via": "acme.telegram", "replyTo": "msg_0",
			"attachments": [{"id": "att_1", "name": "a.pdf", "type": "application/pdf", "size": 12, "url": "https://chat.example/f"}],
			"createdAt": "2026-05-04T01:02:01.123Z", "editedAt": "2026-05-04T01:02:02.123Z",
			"deletedAt": "2026-05-04T01:02:03.123Z", "clientId": "c-1"
		},
		"project": {"id": "proj_1", "slug": "acme", "name": "Acme"},
		"session": {
			"id": "sess_conform", "visitorId": "vis_1", "projectId": "proj_1", "status": "active",
			"createdAt": "2026-05-04T01:02:01.123Z", "lastActivity": "2026-05-04T01:02:01.123Z",
			"seq": 1, "delivered": 0, "read": 0, "metadata": {"title": "Pricing", "url": "https://example.com/pricing"}
		},
		"visitor": {"id": "vis_1", "subject": "user-7", "name": "Anna", "email": "anna@example.com", "verified": false, "traits": {"plan": "pro"}}
	}`), &want)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("wanted (-), got (+):\n%s", diff)
	}
	rated := r.session.Event(plugin.SessionRated, nil)
	rated.Data = json.RawMessage(`{"score":5}`)
	if f := r.deliver(t, rated); f != nil || !strings.Contains(r.bodies[1], `"data":{"score":5}`) || strings.Contains(r.bodies[1], `"message":`) {
		t.Errorf("%v %s", f, r.bodies[1])
	}
}
