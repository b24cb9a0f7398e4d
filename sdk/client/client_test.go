package client_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/client"
)

func TestCalls(t *testing.T) {
	s, ctx := newShop(t), t.Context()
	_, session := s.asks("Is it waterproof?")
	say := func() *client.Message {
		t.Helper()
		m, err := s.Post(ctx, session, client.NewMessage{Text: "It is.", Author: &client.Author{Name: "Bot"}, ClientID: "a1"})
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	m := say()
	again := say()
	equal(t, "once", again.ID, m.ID)
	_, err := s.Post(ctx, session, client.NewMessage{Text: "Or not.", ClientID: "a1"})
	equal(t, "other content", client.IsCode(err, client.CodeConflict), true)
	edited, err := s.Edit(ctx, session, m.ID, "It is!")
	equal(t, "edited", fmt.Sprint(edited.Text, err), "It is!<nil>")
	note, err := s.Note(ctx, session, client.NewMessage{Text: "nice one"})
	equal(t, "note", fmt.Sprint(note.Text, err), "nice one<nil>")
	claimed, err := s.Claim(ctx, session, client.Operator{ID: "7", Name: "Olga"})
	equal(t, "claimed", fmt.Sprint(*claimed.Operator, err), "{7 Olga} <nil>")
	claimed, err = s.Claim(ctx, session, client.Operator{ID: "7", Name: "Olga"})
	equal(t, "claimed again", fmt.Sprint(*claimed.Operator, err), "{7 Olga} <nil>")
	released, err := s.Release(ctx, session)
	equal(t, "released", fmt.Sprint(released.Operator == nil, err), "true <nil>")
	equal(t, "typing", s.Typing(ctx, session, true), nil)
	equal(t, "emit", s.Emit(ctx, session, "offer", map[string]int{"percent": 10}), nil)
	equal(t, "emit to all", s.Emit(ctx, "", "offer", nil), nil)
	closed, err := s.Close(ctx, session)
	equal(t, "closed", fmt.Sprint(closed.Status, err), "closed<nil>")
	_, err = s.Claim(ctx, session, client.Operator{Name: "Dan"})
	equal(t, "a closed one", client.IsCode(err, client.CodeConflict), true)
	open, err := s.Reopen(ctx, session)
	equal(t, "reopened", fmt.Sprint(open.Status, err), "active<nil>")
	gone, err := s.Delete(ctx, session, m.ID)
	equal(t, "deleted", fmt.Sprint(gone.Text, gone.DeletedAt.IsZero(), err), "false <nil>")

	one, err := s.Session(ctx, session)
	equal(t, "session", fmt.Sprint(len(one.Messages), err), "2 <nil>")
	p, err := s.Project(ctx)
	equal(t, "project", fmt.Sprint(p.Slug, p.Editable, err), "shopfalse <nil>")
	st, err := s.Stats(ctx, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
	equal(t, "stats", fmt.Sprint(st.Sessions.Opened, st.Messages, st.FirstResponse.Answered, err), "1 {1 1} 1 <nil>")
	_, err = s.Session(ctx, "sess_none/../x?y")
	var e *client.Error
	if !errors.As(err, &e) || e.Code != client.CodeNotFound || e.Status != 404 || e.Message == "" {
		t.Errorf("no session: %v", err)
	}
}

func TestPagesAreWalked(t *testing.T) {
	s, ctx := newShop(t), t.Context()
	_, session := s.asks("0")
	for i := 1; i < 1203; i++ {
		if _, err := s.Post(ctx, session, client.NewMessage{Text: fmt.Sprint(i)}); err != nil {
			t.Fatal(err)
		}
	}
	n := 0
	for m, err := range s.Messages(ctx, session, 0) {
		if err != nil || m.Text != fmt.Sprint(n) {
			t.Fatalf("message %d: %v %v", n, m, err)
		}
		n++
	}
	equal(t, "messages", n, 1203)
	for range 204 {
		s.asks("x")
	}
	seen := map[string]bool{}
	for one, err := range s.Sessions(ctx, client.SessionFilter{Status: "active"}) {
		if err != nil {
			t.Fatal(err)
		}
		seen[one.ID] = true
	}
	equal(t, "sessions", len(seen), 205)
	for range s.Sessions(ctx, client.SessionFilter{}) {
		break // the rest is not asked for
	}
	for _, err := range client.New(s.url, "sk_wrong").Sessions(ctx, client.SessionFilter{}) {
		equal(t, "a wrong key", client.IsCode(err, client.CodeUnauthorized), true)
	}
}

func TestVisitorsData(t *testing.T) {
	s, ctx := newShop(t), t.Context()
	token, session := s.asks("my name is Zerlinde")
	visitor := func() string {
		one, err := s.Session(ctx, session)
		if err != nil {
			t.Fatal(err)
		}
		return one.VisitorID
	}()
	v, err := s.Visitor(ctx, visitor)
	equal(t, "visitor", fmt.Sprint(v.ID, err), visitor+"<nil>")
	raw, err := s.Export(ctx, visitor)
	if err != nil || !json.Valid(raw) || !strings.Contains(string(raw), "Zerlinde") {
		t.Errorf("export: %s %v", raw, err)
	}
	var zipped bytes.Buffer
	if err := s.ExportFiles(ctx, visitor, &zipped); err != nil || !strings.Contains(zipped.String(), "visitor.json") {
		t.Errorf("export with files: %d bytes, %v", zipped.Len(), err)
	}
	e, err := s.Erase(ctx, visitor)
	equal(t, "erased", fmt.Sprint(e.Sessions, e.Messages, err), "1 1 <nil>")
	_, err = s.Session(ctx, session)
	equal(t, "the session", client.IsCode(err, client.CodeNotFound), true)
	_, err = s.Erase(ctx, visitor)
	equal(t, "again", client.IsCode(err, client.CodeNotFound), true)
	if answers := s.answerTo(token); !strings.Contains(answers, "unauthorized") {
		t.Errorf("the visitor's token still works: %s", answers)
	}
}

// What is safe to repeat is repeated, not before the server says; the rest is not.
func TestRetries(t *testing.T) {
	s := newShop(t)
	_, session := s.asks("x")
	var calls atomic.Int64
	var at [3]time.Time
	busy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		n := calls.Add(1)
		if n < 3 {
			at[n-1] = time.Now()
			w.Header().Set("Retry-After", "1")
			w.WriteHeader([]int{429, 503}[n-1])
			_, _ = w.Write([]byte(`{"error":{"code":"` + []string{"rate_limited", "unavailable"}[n-1] + `","message":"wait"}}`))
			return
		}
		at[2] = time.Now()
		http.Redirect(w, r, s.url+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	defer busy.Close()
	through := client.New(busy.URL, secret)
	_, err := through.Post(t.Context(), session, client.NewMessage{Text: "x"})
	var e *client.Error
	if !errors.As(err, &e) || e.Code != client.CodeRateLimited || e.RetryAfter != time.Second || calls.Load() != 1 {
		t.Errorf("without a client id: %v after %d calls", err, calls.Load())
	}
	calls.Store(0)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := through.Session(ctx, session); !client.IsCode(err, client.CodeUnauthorized) && err != nil {
		t.Errorf("a read: %v", err)
	}
	equal(t, "calls", calls.Load(), 3)
	for i := range 2 {
		if d := at[i+1].Sub(at[i]); d < time.Second {
			t.Errorf("try %d came after %v", i+2, d)
		}
	}
	calls.Store(0)
	ended, end := context.WithCancel(t.Context())
	end()
	_, err = through.Session(ended, session)
	equal(t, "ended", errors.Is(err, context.Canceled), true)
}

// answerTo is what the server says to a visitor's token.
func (s *shop) answerTo(token string) string {
	req, err := http.NewRequest(http.MethodPost, s.url+"/v1/frames", strings.NewReader(`[{"type":"post","id":"9","text":"x"}]`))
	check(err)
	req.Header.Set("Origin", "https://shop.example")
	req.Header.Set("Authorization", "Bearer "+token)
	res, err := http.DefaultClient.Do(req)
	check(err)
	defer res.Body.Close()
	raw := make([]byte, 1000)
	n, _ := res.Body.Read(raw)
	return string(raw[:n])
}
