package outbound_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/outbound"
)

func event(session string, seq int64, age time.Duration) *plugin.Event {
	return &plugin.Event{Seq: seq, At: time.Now().Add(-age), Session: &plugin.Session{ID: session}}
}

func failureOf(t *testing.T, err error) *plugin.Failure {
	t.Helper()
	var f *plugin.Failure
	if !errors.As(err, &f) {
		t.Fatalf("%v is no failure", err)
	}
	return f
}

func TestWaitsGrowForADay(t *testing.T) {
	var r outbound.Retries
	cause := errors.New("it answers 500")
	var total time.Duration
	tries := 0
	for total < 24*time.Hour-time.Second {
		f := failureOf(t, r.Failed(event("a", 7, total), cause, 0))
		least, most := time.Second<<min(tries, 20)*3/4, time.Second<<min(tries, 20)*5/4
		most = min(most, 30*time.Minute*5/4)
		if f.Kind != plugin.FailureRetryAfter || f.Scope != plugin.ScopeThread || f.RetryAfter > most || total < 20*time.Hour && f.RetryAfter < min(least, 20*time.Minute) {
			t.Fatalf("try %d after %s: %+v", tries, total, f)
		}
		total += f.RetryAfter
		tries++
	}
	f := failureOf(t, r.Failed(event("a", 7, 24*time.Hour), cause, 0))
	if f.Kind != plugin.FailurePermanent || !errors.Is(f, cause) || tries < 40 || tries > 90 {
		t.Errorf("after %d tries in %s: %+v", tries, total, f)
	}
	if f = failureOf(t, r.Failed(event("a", 8, 0), cause, 0)); f.RetryAfter > 2*time.Second {
		t.Errorf("the next event waits %s", f.RetryAfter)
	}
}

func TestWaitsAreOfTheOldestEventOfEachSession(t *testing.T) {
	var r outbound.Retries
	cause := errors.New("no")
	for range 8 {
		_ = r.Failed(event("a", 1, 0), cause, 0)
	}
	if f := failureOf(t, r.Failed(event("b", 1, 0), cause, 0)); f.RetryAfter > 2*time.Second {
		t.Errorf("another session waits %s", f.RetryAfter)
	}
	r.Done("a")
	if f := failureOf(t, r.Failed(event("a", 1, 0), cause, 0)); f.RetryAfter > 2*time.Second {
		t.Errorf("after a success it waits %s", f.RetryAfter)
	}
}

func TestAReceiverThatAsksIsLeftAlone(t *testing.T) {
	var r outbound.Retries
	f := failureOf(t, r.Failed(event("a", 1, 0), errors.New("busy"), 40*time.Second))
	if f.Scope != "" || f.RetryAfter != 40*time.Second {
		t.Errorf("%+v", f)
	}
	if f = failureOf(t, r.Failed(event("a", 1, 0), errors.New("busy"), 400*time.Hour)); f.RetryAfter != time.Hour {
		t.Errorf("it waits %s", f.RetryAfter)
	}
}

func TestLogKeepsTheNewest(t *testing.T) {
	var l outbound.Log
	for i := range 130 {
		l.Add(outbound.Attempt{At: time.UnixMilli(int64(i)), Took: 12 * time.Millisecond, ID: fmt.Sprint(i), Events: 1, Session: "sess_1", Status: 200})
	}
	w := httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest("GET", "/log", nil))
	var page struct {
		Attempts []struct {
			At, ID, Session string
			MS              int64
			Status          int
		}
	}
	if err := json.Unmarshal(w.Body.Bytes(), &page); err != nil || len(page.Attempts) != 100 {
		t.Fatalf("%v, %s", err, w.Body)
	}
	if a := page.Attempts[0]; a.ID != "129" || a.At != "1970-01-01T00:00:00.129Z" || a.MS != 12 || a.Status != 200 || page.Attempts[99].ID != "30" {
		t.Errorf("the newest is %+v, the oldest %+v", a, page.Attempts[99])
	}
	w = httptest.NewRecorder()
	l.ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
	if w.Code != 404 {
		t.Errorf("it has a first page: %d", w.Code)
	}
}
