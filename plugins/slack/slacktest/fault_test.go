package slacktest_test

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// try makes a call that may not be answered.
func try(s *slacktest.Server, method, text string) (int, string, error) {
	form := url.Values{"token": {s.BotToken}, "channel": {s.ChannelID}, "text": {text}}
	resp, err := http.PostForm(s.URL+method, form)
	if err != nil {
		return 0, "", err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(body), err
}

func TestFaults(t *testing.T) {
	s := start(t)
	for _, tt := range []struct {
		name      string
		fault     slacktest.Fault
		status    int
		body      string
		dropped   bool
		performed bool
	}{
		{"an error", slacktest.Fault{Error: "internal_error"}, 200, `"error":"internal_error"`, false, false},
		{"an error after the effect", slacktest.Fault{Error: "fatal_error", After: true}, 200, `"error":"fatal_error"`, false, true},
		{"a status", slacktest.Fault{Status: 503, Body: "<html>busy</html>"}, 503, "<html>busy</html>", false, false},
		{"a status after the effect", slacktest.Fault{Status: 502, After: true}, 502, "", false, true},
		{"a quota", slacktest.Fault{RetryAfter: 7}, 429, `"ratelimited"`, false, false},
		{"cut before", slacktest.Fault{Drop: slacktest.DropBefore}, 0, "", true, false},
		{"cut after", slacktest.Fault{Drop: slacktest.DropAfter}, 0, "", true, true},
		{"slow", slacktest.Fault{Delay: time.Millisecond}, 200, `"ok":true`, false, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			tt.fault.Method, tt.fault.Times = "chat.postMessage", 1
			s.Inject(tt.fault)
			before := len(s.State().Messages)
			status, body, err := try(s, "chat.postMessage", tt.name)
			if (err != nil) != tt.dropped || status != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("answered %d %q %v", status, body, err)
			}
			state := s.State()
			if made := len(state.Messages) > before; made != tt.performed || state.Log[len(state.Log)-1].Performed != made {
				t.Errorf("performed: %v, the log says %v", made, state.Log[len(state.Log)-1].Performed)
			}
			if _, body, err := try(s, "chat.postMessage", "again"); err != nil || !strings.Contains(body, `"ok":true`) && tt.fault.RetryAfter == 0 {
				t.Errorf("the fault stays: %q %v", body, err)
			}
		})
	}
}

func TestFaultsByChance(t *testing.T) {
	outcomes := func() (all string) {
		s := start(t, slacktest.WithSeed(3))
		remove := s.Inject(slacktest.Fault{Error: "internal_error", Chance: 0.2})
		for range 200 {
			_, body, _ := try(s, "chat.postMessage", "x")
			if strings.Contains(body, `"ok":true`) {
				all += "."
			} else {
				all += "x"
			}
		}
		remove()
		if _, body, _ := try(s, "chat.postMessage", "x"); !strings.Contains(body, `"ok":true`) {
			t.Errorf("removed, and yet %s", body)
		}
		if s.Count("chat.postMessage") != 201 {
			t.Errorf("%d calls were counted", s.Count("chat.postMessage"))
		}
		return all
	}
	first := outcomes()
	if n := strings.Count(first, "x"); n < 20 || n > 60 {
		t.Errorf("%d of 200 failed", n)
	}
	if second := outcomes(); second != first {
		t.Error("the same seed gives other faults")
	}
}

func TestTheEchoOfADroppedCallComes(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	s.Inject(slacktest.Fault{Method: "chat.postMessage", Drop: slacktest.DropAfter, Times: 1})
	if _, _, err := try(s, "chat.postMessage", "ghost"); err == nil {
		t.Error("it was answered")
	}
	if e := c.event(); e.Text != "ghost" {
		t.Errorf("event %+v", e)
	}
}

func TestACallThatIsNeverAnswered(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	s.Inject(slacktest.Fault{Method: "chat.postMessage", After: true, Delay: time.Hour, Times: 1})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() {
		r := request(t, s, "chat.postMessage", "application/json", s.BotToken, []byte(`{"channel":"`+s.ChannelID+`","text":"ghost"}`))
		resp, err := http.DefaultClient.Do(r.WithContext(ctx))
		if err == nil {
			resp.Body.Close()
		}
		ended <- err
	}()
	if e := c.event(); e.Text != "ghost" {
		t.Errorf("event %+v", e)
	}
	cancel() // the caller has waited long enough
	if err := <-ended; err == nil {
		t.Error("it was answered")
	}
	if got := s.State().Messages; len(got) != 1 {
		t.Errorf("kept %v", got)
	}
}

func TestFaultsOfFiles(t *testing.T) {
	s := start(t)
	s.Inject(slacktest.Fault{Method: "upload", Drop: slacktest.DropAfter, Times: 1})
	u := uploadURL(t, s, "a.txt", 1)
	if resp, err := http.Post(u.URL, "", strings.NewReader("x")); err == nil {
		resp.Body.Close()
		t.Error("it was answered")
	}
	call(t, s, "files.completeUploadExternal", args{"files": `[{"id":"` + u.ID + `"}]`, "channel_id": s.ChannelID}).want(t, "") // it had arrived
	s.Inject(slacktest.Fault{Method: "upload", Status: 500, Times: 1})
	u = uploadURL(t, s, "a.txt", 1)
	if status, _ := send(t, u.URL, "", "x"); status != 500 {
		t.Errorf("status %d", status)
	}
	call(t, s, "files.completeUploadExternal", args{"files": `[{"id":"` + u.ID + `"}]`, "channel_id": s.ChannelID}).want(t, "file_not_found")
}

func TestDownAndUp(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock))
	c := connect(t, s)
	ts := post(t, s, "", "before")
	c.event()
	acknowledged(t, s)
	s.Down()
	if _, _, err := try(s, "auth.test", ""); err == nil {
		t.Error("it is down and answers")
	}
	if e, err := c.read(); err == nil {
		t.Errorf("the socket gives %s", e.raw)
	}
	missed := s.Operator("Olga").Message(ts, "missed")
	if err := s.Up(); err != nil {
		t.Fatal(err)
	}
	if got := s.State().Texts(ts); len(got) != 1 || got[0] != "missed" {
		t.Errorf("kept %q", got)
	}
	c = connect(t, s)
	clock.WaitTimers(1)
	clock.Advance(3 * time.Second)
	if e := c.event(); e.TS != missed {
		t.Errorf("event %+v", e)
	}
	if err := s.Up(); err != nil {
		t.Errorf("up twice: %v", err)
	}
}

func TestDownAtOnce(t *testing.T) {
	for range 20 {
		s := start(t)
		s.Down()
		if err := s.Up(); err != nil {
			t.Fatal(err)
		}
		call(t, s, "auth.test", nil).want(t, "")
	}
}

func TestFaultOfWhatIsSaid(t *testing.T) {
	s := start(t)
	s.Inject(slacktest.Fault{Text: "poison", Status: 500})
	for text, want := range map[string]int{"some poison": 500, "water": 200} {
		if status, body, err := try(s, "chat.postMessage", text); status != want || err != nil {
			t.Errorf("%q: %d %s %v", text, status, body, err)
		}
	}
	call(t, s, "auth.test", nil).want(t, "")
}
