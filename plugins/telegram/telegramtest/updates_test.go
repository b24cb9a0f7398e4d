package telegramtest_test

import (
	"encoding/json"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

type update struct {
	ID      int64 `json:"update_id"`
	Message struct {
		ID      int    `json:"message_id"`
		Text    string `json:"text"`
		Thread  int    `json:"message_thread_id"`
		InTopic bool   `json:"is_topic_message"`
	} `json:"message"`
}

// poll asks for updates, without waiting unless params say so.
func poll(t *testing.T, s *telegramtest.Server, params obj) []update {
	t.Helper()
	a := call(t, s, "getUpdates", params)
	var all []update
	if !a.OK || json.Unmarshal(a.Result, &all) != nil {
		t.Fatalf("getUpdates: %+v", a)
	}
	return all
}

func texts(all []update) (got []string) {
	for _, u := range all {
		got = append(got, u.Message.Text)
	}
	return got
}

func write(s *telegramtest.Server, words ...string) {
	for _, w := range words {
		s.Operator("Olga").Message(0, w)
	}
}

func wantTexts(t *testing.T, got []update, want ...string) {
	t.Helper()
	if !slices.Equal(texts(got), want) {
		t.Errorf("updates %q, want %q", texts(got), want)
	}
}

func TestOffsets(t *testing.T) {
	clock := simulator.NewClock(epoch)
	s := start(t, telegramtest.WithClock(clock))
	write(s, "a", "b", "c", "d")
	all := poll(t, s, nil)
	wantTexts(t, all, "a", "b", "c", "d")
	wantTexts(t, poll(t, s, obj{"limit": 2}), "a", "b")
	wantTexts(t, poll(t, s, obj{"offset": all[1].ID}), "b", "c", "d")
	wantTexts(t, poll(t, s, obj{"offset": all[1].ID}), "b") // asked again within half a second
	clock.Advance(time.Second)
	wantTexts(t, poll(t, s, obj{"offset": all[1].ID}), "b", "c", "d")
	wantTexts(t, poll(t, s, obj{"offset": 0}), "b", "c", "d")
	wantTexts(t, poll(t, s, obj{"offset": all[3].ID + 1000}), "b", "c", "d") // too far to be true
	wantTexts(t, poll(t, s, obj{"offset": -1}), "d")
	wantTexts(t, poll(t, s, nil), "d") // what a negative offset skips is gone
	clock.Advance(25 * time.Hour)
	wantTexts(t, poll(t, s, nil))
}

func TestAnswerIsCapped(t *testing.T) {
	s := start(t)
	big := strings.Repeat("x", 3<<20)
	s.Push("message", obj{"text": big})
	s.Push("message", obj{"text": big})
	if got := poll(t, s, nil); len(got) != 1 {
		t.Errorf("%d updates of 3 MiB in one answer", len(got))
	}
}

// waiting calls getUpdates in the background.
func waiting(t *testing.T, s *telegramtest.Server, params string) <-chan answer {
	t.Helper()
	before := len(s.Requests("getUpdates"))
	got := make(chan answer, 1)
	go func() {
		var a answer
		resp, err := http.Post(s.URL+"/bot"+s.Token+"/getUpdates", "application/json", strings.NewReader(params))
		if err == nil {
			a.Status = resp.StatusCode
			_ = json.NewDecoder(resp.Body).Decode(&a)
			resp.Body.Close()
		}
		got <- a
	}()
	s.WaitFor(t, func(state telegramtest.State) bool { return len(state.Calls("getUpdates")) > before })
	return got
}

func TestLongPoll(t *testing.T) {
	clock := simulator.NewClock(epoch)
	s := start(t, telegramtest.WithClock(clock))
	got := waiting(t, s, `{"timeout":50}`)
	write(s, "hello")
	var all []update
	if a := <-got; json.Unmarshal(a.Result, &all) != nil || len(all) != 1 || all[0].Message.Text != "hello" {
		t.Errorf("answer %+v", a)
	}
	offset := all[0].ID + 1
	got = waiting(t, s, `{"timeout":900,"offset":`+jsonOf(offset)+`}`)
	clock.WaitTimers(2) // that of the first poll is still there
	clock.Advance(49 * time.Second)
	if n := clock.Timers(); n != 2 {
		t.Errorf("after 49 s %d timers wait, want 2", n)
	}
	clock.Advance(time.Second)
	if a := <-got; string(a.Result) != "[]" {
		t.Errorf("at the end of the wait %s", a.Result)
	}
}

func jsonOf(v any) string {
	b, _ := json.Marshal(v)
	return string(b)
}

func TestOnePoller(t *testing.T) {
	s := start(t)
	first := waiting(t, s, `{"timeout":50}`)
	for done := false; !done; { // the first may not have begun to wait
		poll(t, s, nil)
		select {
		case a := <-first:
			a.want(t, 409, "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running")
			done = true
		default:
		}
	}
	write(s, "hello")
	wantTexts(t, poll(t, s, nil), "hello")
}

func TestAllowedUpdatesStick(t *testing.T) {
	s := start(t)
	olga := s.Operator("Olga")
	m := olga.Message(0, "x")
	olga.React(m, "👍") // not in the default set
	if got := poll(t, s, nil); len(got) != 1 {
		t.Errorf("%d updates by default", len(got))
	}
	poll(t, s, obj{"allowed_updates": []string{"message_reaction"}})
	olga.React(m, "👎")
	olga.Anonymous().React(m, "👎")
	olga.Message(0, "not asked for")
	poll(t, s, nil) // says nothing about it: as before
	if got := poll(t, s, nil); len(got) != 3 {
		t.Errorf("%d updates", len(got))
	}
	poll(t, s, obj{"allowed_updates": []string{}})
	olga.Message(0, "asked for")
	if got := poll(t, s, nil); len(got) != 4 {
		t.Errorf("%d updates", len(got))
	}
}

func TestEchoes(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	m := send(t, s, id, "mine")
	call(t, s, "editMessageText", obj{"message_id": m, "text": "mine still"})
	call(t, s, "closeForumTopic", obj{"message_thread_id": id})
	call(t, s, "reopenForumTopic", obj{"message_thread_id": id})
	call(t, s, "editForumTopic", obj{"message_thread_id": id, "name": "x"})
	olga := s.Operator("Olga")
	olga.Delete(m)
	a := call(t, s, "getUpdates", nil)
	var kinds []string
	for _, kind := range []string{"forum_topic_created", "forum_topic_closed", "forum_topic_reopened", "forum_topic_edited", "mine"} {
		if n := strings.Count(string(a.Result), `"`+kind+`":`); n > 0 {
			kinds = append(kinds, kind)
		}
	}
	var all []update
	if json.Unmarshal(a.Result, &all) != nil || len(all) != 4 || len(kinds) != 4 {
		t.Errorf("%d updates, kinds %v", len(all), kinds)
	}
}

// Each thing that an operator does is one update, with these words in it.
func TestOperatorActions(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	mine := send(t, s, id, "hi")
	first := poll(t, s, obj{"allowed_updates": []string{"message", "edited_message", "message_reaction", "my_chat_member"}})
	offset := first[len(first)-1].ID + 1
	olga := s.Operator("Olga")
	said := olga.Message(id, "hello")
	for _, c := range []struct {
		name string
		act  func()
		want []string
	}{
		{"message", func() { olga.Message(id, "a") }, []string{`"is_topic_message":true`, `"forum_topic_created"`, `"first_name":"Olga"`}},
		{"general", func() { olga.Message(0, "a") }, []string{`"text":"a"`}},
		{"reply", func() { olga.Reply(mine, "b") }, []string{`"reply_to_message":{`, `"text":"hi"`}},
		{"stray", func() { olga.Stray(said, "c") }, []string{`"message_thread_id":`}},
		{"edit", func() { olga.Edit(said, "d") }, []string{`"edited_message"`, `"edit_date"`}},
		{"command", func() { olga.Command(id, "close", "b_bot") }, []string{`"text":"/close@b_bot"`, `"type":"bot_command","offset":0,"length":12`}},
		{"photo", func() { olga.Photo(id, []byte("x"), "c") }, []string{`"photo":[`, `"caption":"c"`}},
		{"document", func() { olga.Document(id, "a.pdf", "application/pdf", []byte("x"), "") }, []string{`"file_name":"a.pdf"`, `"mime_type":"application/pdf"`}},
		{"animation", func() { olga.Send(id, telegramtest.File{Kind: "animation"}, "") }, []string{`"animation":{`, `"document":{`}},
		{"sticker", func() { olga.Sticker(id, "😀") }, []string{`"emoji":"😀"`, `"type":"regular"`}},
		{"album", func() { olga.Album(id, "two", telegramtest.File{Kind: "photo"}) }, []string{`"media_group_id"`}},
		{"dice", func() { olga.Other(id, "dice", obj{"value": 3}) }, []string{`"dice":{"value":3}`}},
		{"anonymous", func() { olga.Anonymous().Message(id, "e") }, []string{`"GroupAnonymousBot"`, `"sender_chat":{`, `"author_signature":"Olga"`}},
		{"reaction", func() { olga.React(mine, "👍") }, []string{`"message_reaction"`, `"emoji":"👍"`, `"user":{`}},
		{"anonymous reaction", func() { olga.Anonymous().React(mine) }, []string{`"actor_chat":{`, `"new_reaction":[]`}},
		{"create", func() { olga.CreateTopic("lunch") }, []string{`"forum_topic_created":{`, `"lunch"`}},
		{"close", func() { olga.CloseTopic(id) }, []string{`"forum_topic_closed":{}`}},
		{"reopen", func() { olga.ReopenTopic(id) }, []string{`"forum_topic_reopened":{}`}},
		{"rename", func() { olga.RenameTopic(id, "x") }, []string{`"forum_topic_edited":{"name":"x"}`}},
		{"unknown", func() { s.UnknownVariant() }, []string{`"hologram"`}},
		{"push", func() { s.Push("message", obj{"odd": 1}) }, []string{`"odd":1`}},
		{"raw", func() { s.PushRaw(`{"update_id":{id},"brain_wave":{}}`) }, []string{`"brain_wave"`}},
		{"demote", s.Demote, []string{`"my_chat_member"`, `"status":"member"`, `"old_chat_member":{`}},
		{"promote", s.Promote, []string{`"status":"administrator"`, `"can_manage_topics":true`}},
		{"kick", s.Kick, []string{`"status":"kicked"`}},
		{"back", s.Promote, nil},
		{"migrate", func() { s.Migrate(-100777) }, []string{`"migrate_to_chat_id":-100777`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, u := range poll(t, s, obj{"offset": offset}) {
				offset = u.ID + 1
			}
			c.act()
			a := call(t, s, "getUpdates", obj{"offset": offset})
			var all []update
			if json.Unmarshal(a.Result, &all) != nil || len(all) != 1 {
				t.Fatalf("updates %s", a.Result)
			}
			offset = all[0].ID + 1
			for _, want := range c.want {
				if !strings.Contains(string(a.Result), want) {
					t.Errorf("no %s in %s", want, a.Result)
				}
			}
		})
	}
	olga.DeleteTopic(id)
	olga.Delete(said)
	if got := poll(t, s, obj{"offset": offset}); len(got) != 0 {
		t.Errorf("deleting told the bot %+v", got)
	}
}

func TestWebhook(t *testing.T) {
	s := start(t)
	type hit struct{ secret, body string }
	hits, answers := make(chan hit), make(chan int)
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		hits <- hit{r.Header.Get("X-Telegram-Bot-Api-Secret-Token"), string(body)}
		w.WriteHeader(<-answers)
	}))
	defer hook.Close()
	write(s, "one", "two")
	call(t, s, "setWebhook", obj{"url": hook.URL, "secret_token": "s3"}).want(t, 200, "")
	call(t, s, "getUpdates", nil).want(t, 409, "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook")
	for _, c := range []struct {
		text   string
		status int
	}{{"one", 500}, {"one", 200}, {"two", 200}} {
		h := <-hits
		if h.secret != "s3" || !strings.Contains(h.body, `"text":"`+c.text+`"`) {
			t.Errorf("sent %+v, want %q", h, c.text)
		}
		answers <- c.status
	}
	s.WaitFor(t, func(state telegramtest.State) bool { return state.Pending == 0 })
	if info := call(t, s, "getWebhookInfo", nil).into(t); info["url"] != hook.URL {
		t.Errorf("info %v", info)
	}
	call(t, s, "deleteWebhook", nil).want(t, 200, "")
	write(s, "three")
	wantTexts(t, poll(t, s, nil), "three")
}

func TestSetWebhookEndsAPoll(t *testing.T) {
	s := start(t)
	got := waiting(t, s, `{"timeout":50}`)
	s.SetWebhook("http://127.0.0.1:9/")
	a := <-got
	if a.Code != 409 || !strings.HasPrefix(a.Description, "Conflict: ") {
		t.Errorf("answer %+v", a)
	}
}
