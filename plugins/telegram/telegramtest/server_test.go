package telegramtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// answer is what the Bot API says.
type answer struct {
	Status      int
	Header      http.Header
	OK          bool            `json:"ok"`
	Result      json.RawMessage `json:"result"`
	Code        int             `json:"error_code"`
	Description string          `json:"description"`
	Parameters  struct {
		RetryAfter int   `json:"retry_after"`
		MigrateTo  int64 `json:"migrate_to_chat_id"`
	} `json:"parameters"`
}

type obj = map[string]any

func start(t *testing.T, opts ...telegramtest.Option) *telegramtest.Server {
	t.Helper()
	s := telegramtest.NewServer(opts...)
	t.Cleanup(s.Close)
	return s
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode, Header: resp.Header}
	if err := json.NewDecoder(resp.Body).Decode(&a); err != nil {
		t.Fatalf("%s: no JSON: %v", resp.Status, err)
	}
	return a
}

func post(t *testing.T, s *telegramtest.Server, method, contentType string, body io.Reader) answer {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, s.URL+"/bot"+s.Token+"/"+method, body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", contentType)
	return do(t, r)
}

// call sends JSON; chat_id is filled in.
func call(t *testing.T, s *telegramtest.Server, method string, params obj) answer {
	t.Helper()
	all := obj{"chat_id": s.ChatID}
	for k, v := range params {
		all[k] = v
	}
	body, err := json.Marshal(all)
	if err != nil {
		t.Fatal(err)
	}
	return post(t, s, method, "application/json", bytes.NewReader(body))
}

func (a answer) want(t *testing.T, code int, description string) {
	t.Helper()
	if code == 200 && !a.OK || code != 200 && (a.OK || a.Code != code) || a.Status != code || !strings.HasPrefix(a.Description, description) {
		t.Errorf("answered %d %d %q, want %d %q", a.Status, a.Code, a.Description, code, description)
	}
}

func (a answer) into(t *testing.T) obj {
	t.Helper()
	var o obj
	if !a.OK || json.Unmarshal(a.Result, &o) != nil {
		t.Fatalf("no object: %+v %s", a, a.Result)
	}
	return o
}

func topic(t *testing.T, s *telegramtest.Server) int {
	t.Helper()
	return int(call(t, s, "createForumTopic", obj{"name": "Anna"}).into(t)["message_thread_id"].(float64))
}

func send(t *testing.T, s *telegramtest.Server, topic int, text string) int {
	t.Helper()
	return int(call(t, s, "sendMessage", obj{"message_thread_id": topic, "text": text}).into(t)["message_id"].(float64))
}

func TestEncodings(t *testing.T) {
	s := start(t)
	chat := fmt.Sprint(s.ChatID)
	post(t, s, "SENDmessage", "application/x-www-form-urlencoded", strings.NewReader(url.Values{"chat_id": {chat}, "text": {"form"}}.Encode())).want(t, 200, "")
	call(t, s, "sendmessage", obj{"text": "json", "link_preview_options": obj{"is_disabled": true}, "message_thread_id": nil}).want(t, 200, "")

	pr, pw := io.Pipe() // chunked, as the library sends
	form := multipart.NewWriter(pw)
	go func() {
		form.WriteField("chat_id", chat)
		form.WriteField("text", "multipart")
		form.WriteField("link_preview_options", `{"is_disabled":true}`)
		form.Close()
		pw.Close()
	}()
	post(t, s, "sendMessage", form.FormDataContentType(), pr).want(t, 200, "")

	r, _ := http.NewRequest(http.MethodGet, s.URL+"/bot"+s.Token+"/sendMessage?text=get&chat_id="+chat, nil)
	do(t, r).want(t, 200, "")
	if got := s.State().Texts(0); strings.Join(got, " ") != "form json multipart get" {
		t.Errorf("sent %q", got)
	}
	if m := s.Messages(0); m[0].NoPreview || !m[1].NoPreview || !m[2].NoPreview {
		t.Error("link_preview_options were misread")
	}
	empty := multipart.NewWriter(io.Discard)
	if me := post(t, s, "getMe", empty.FormDataContentType(), strings.NewReader("")).into(t); me["is_bot"] != true || me["id"] != float64(s.BotID) {
		t.Errorf("getMe %v", me)
	}
}

func TestRefusals(t *testing.T) {
	s := start(t)
	r, _ := http.NewRequest(http.MethodGet, s.URL+"/bot1:wrong/getMe", nil)
	do(t, r).want(t, 401, "Unauthorized")
	r, _ = http.NewRequest(http.MethodGet, s.URL+"/botnonsense/getMe", nil)
	do(t, r).want(t, 404, "Not Found")
	call(t, s, "brewCoffee", nil).want(t, 404, "Not Found: method not found")
	call(t, s, "sendMessage", obj{"chat_id": -1, "text": "x"}).want(t, 400, "Bad Request: chat not found")
	call(t, s, "sendMessage", obj{"text": "x", "message_thread_id": 1}).want(t, 400, "Bad Request: message thread not found")
	call(t, s, "sendMessage", obj{"text": "x", "entities": "{"}).want(t, 400, "Bad Request: can't parse entities JSON object")
	s.Kick()
	call(t, s, "sendMessage", obj{"text": "x"}).want(t, 403, "Forbidden: bot was kicked from the supergroup chat")
	s.Promote()
	s.Migrate(-100777)
	if a := call(t, s, "sendMessage", obj{"text": "x"}); a.Parameters.MigrateTo != -100777 || a.Description != "Bad Request: group chat was upgraded to a supergroup chat" {
		t.Errorf("migrated: %+v", a)
	}
	call(t, s, "sendMessage", obj{"chat_id": -100777, "text": "x"}).want(t, 200, "")
	s.Revoke()
	call(t, s, "getMe", nil).want(t, 401, "Unauthorized")
	s.Restore()
	call(t, s, "getMe", nil).want(t, 200, "")
}

func TestBudget(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_760_000_000, 0))
	s := start(t, telegramtest.WithBudget(), telegramtest.WithClock(clock))
	id := topic(t, s)
	m := send(t, s, id, "0")
	for i := range 18 {
		call(t, s, "editMessageText", obj{"message_id": m, "text": fmt.Sprint("edit ", i)}).want(t, 200, "")
	}
	a := call(t, s, "sendMessage", obj{"text": "x", "message_thread_id": id})
	a.want(t, 429, "Too Many Requests: retry after 60")
	if a.Parameters.RetryAfter != 60 || a.Header.Get("Retry-After") != "60" {
		t.Errorf("429 with %+v %v", a.Parameters, a.Header)
	}
	call(t, s, "sendChatAction", obj{"message_thread_id": id, "action": "typing"}).want(t, 200, "")
	call(t, s, "deleteMessage", obj{"message_id": m}).want(t, 200, "")
	if log := s.Requests("deleteMessage"); !log[0].Early {
		t.Error("a call during the wait is not marked early")
	}
	clock.Advance(60 * time.Second)
	call(t, s, "sendMessage", obj{"text": "x", "message_thread_id": id}).want(t, 200, "")
	if log := s.Requests("sendMessage"); log[len(log)-1].Early {
		t.Error("a call after the wait is marked early")
	}
}

func TestBudgetOfASecond(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_760_000_000, 0))
	s := start(t, telegramtest.WithBudgetOf(100, 2), telegramtest.WithClock(clock))
	send(t, s, 0, "1")
	send(t, s, 0, "2")
	call(t, s, "sendMessage", obj{"text": "3"}).want(t, 429, "Too Many Requests: retry after 1")
	clock.Advance(time.Second)
	send(t, s, 0, "3")
}

func TestFaults(t *testing.T) {
	s := start(t, telegramtest.WithSeed(7))
	s.Inject(telegramtest.Fault{Method: "sendMessage", Status: 429, RetryAfter: 3, Times: 2})
	for range 2 {
		call(t, s, "sendMessage", obj{"text": "x"}).want(t, 429, "Too Many Requests: retry after 3")
	}
	call(t, s, "sendMessage", obj{"text": "x"}).want(t, 200, "")
	for drop, sent := range map[telegramtest.Drop]int{telegramtest.DropBefore: 1, telegramtest.DropAfter: 2} {
		before := len(s.Messages(0))
		s.Inject(telegramtest.Fault{Drop: drop, Times: 1})
		resp, err := http.Post(s.URL+"/bot"+s.Token+"/sendMessage", "application/json", strings.NewReader(fmt.Sprintf(`{"chat_id":%d,"text":"y"}`, s.ChatID)))
		if err == nil {
			resp.Body.Close()
			t.Error("a dropped call was answered")
		}
		if got := len(s.Messages(0)) - before; got != sent-1 {
			t.Errorf("drop %v: %d messages were sent", drop, got)
		}
	}
	s.Inject(telegramtest.Fault{Method: "getMe", Status: 502, Body: "<html>", Times: 1})
	resp, err := http.Get(s.URL + "/bot" + s.Token + "/getMe")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body, _ := io.ReadAll(resp.Body); resp.StatusCode != 502 || string(body) != "<html>" {
		t.Errorf("%d %s", resp.StatusCode, body)
	}
	remove := s.Inject(telegramtest.Fault{Method: "getMe", Status: 500, Chance: 0.5})
	failed := 0
	for range 100 {
		if !call(t, s, "getMe", nil).OK {
			failed++
		}
	}
	if failed < 30 || failed > 70 {
		t.Errorf("%d of 100 failed by a chance of a half", failed)
	}
	remove()
	call(t, s, "getMe", nil).want(t, 200, "")
}

func TestRequestLog(t *testing.T) {
	s := start(t)
	send(t, s, 0, "hello")
	call(t, s, "sendMessage", obj{"text": " "})
	log := s.Requests("sendMessage")
	if len(log) != 2 || log[0].Params["text"] != "hello" || !log[0].Performed || log[0].Status != 200 || log[1].Performed || log[1].Status != 400 {
		t.Errorf("log %+v", log)
	}
}

// failing is a test that fails.
type failing struct{ words string }

func (f *failing) Helper()                      {}
func (f *failing) Fatalf(form string, a ...any) { f.words = fmt.Sprintf(form, a...) }

func TestWaitFor(t *testing.T) {
	s := start(t, telegramtest.WithPatience(50*time.Millisecond))
	go s.Operator("Olga").Message(0, "hello")
	state := s.WaitFor(t, func(state telegramtest.State) bool { return len(state.In(0)) == 1 })
	if state.In(0)[0].From.Name != "Olga" {
		t.Errorf("state %s", state)
	}
	var f failing
	s.WaitFor(&f, func(telegramtest.State) bool { return false })
	if !strings.Contains(f.words, `Olga: "hello"`) {
		t.Errorf("a wait in vain says %q", f.words)
	}
}

func TestFaultOfWhatIsSaid(t *testing.T) {
	s := start(t)
	id := topic(t, s)
	s.Inject(telegramtest.Fault{Text: "poison", Status: 500})
	for text, status := range map[string]int{"some poison": 500, "water": 200} {
		call(t, s, "sendMessage", obj{"message_thread_id": id, "text": text}).want(t, status, "")
	}
	call(t, s, "getMe", nil).want(t, 200, "")
}
