package discordtest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

type obj = map[string]any

var epoch = time.Unix(1_760_000_000, 0)

// answer is what the API says.
type answer struct {
	Status  int
	Header  http.Header
	Raw     string
	Body    obj
	List    []obj
	Code    int
	Message string
}

func start(t *testing.T, opts ...discordtest.Option) *discordtest.Server {
	t.Helper()
	s := discordtest.NewServer(append([]discordtest.Option{discordtest.WithoutLimits()}, opts...)...)
	t.Cleanup(s.Close)
	return s
}

// frozen is a server whose clock stands until it is moved.
func frozen(t *testing.T, opts ...discordtest.Option) (*discordtest.Server, *simulator.ManualClock) {
	t.Helper()
	clock := simulator.NewClock(epoch)
	return start(t, append([]discordtest.Option{discordtest.WithClock(clock)}, opts...)...), clock
}

func do(t *testing.T, r *http.Request) answer {
	t.Helper()
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	a := answer{Status: resp.StatusCode, Header: resp.Header, Raw: string(b)}
	_ = json.Unmarshal(b, &a.Body)
	_ = json.Unmarshal(b, &a.List)
	if code, ok := a.Body["code"].(float64); ok {
		a.Code = int(code)
	}
	a.Message, _ = a.Body["message"].(string)
	return a
}

// call sends JSON with the bot's token.
func call(t *testing.T, s *discordtest.Server, method, path string, body any) answer {
	t.Helper()
	var b []byte
	if body != nil {
		var err error
		if b, err = json.Marshal(body); err != nil {
			t.Fatal(err)
		}
	}
	r, err := http.NewRequest(method, s.URL+"/api/v10"+path, bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	return do(t, r)
}

func (a answer) want(t *testing.T, status, code int) answer {
	t.Helper()
	if a.Status != status || a.Code != code && status >= 400 {
		t.Errorf("answered %d %d %s, want %d %d", a.Status, a.Code, a.Raw, status, code)
	}
	return a
}

func (a answer) id(t *testing.T) string {
	t.Helper()
	id, ok := a.Body["id"].(string)
	if !ok || a.Status >= 300 {
		t.Fatalf("no id: %d %s", a.Status, a.Raw)
	}
	return id
}

var silent = obj{"parse": []string{}}

// post makes a forum post.
func post(t *testing.T, s *discordtest.Server, name string) string {
	t.Helper()
	return call(t, s, "POST", "/channels/"+s.ForumID+"/threads", obj{
		"name": name, "message": obj{"content": "New visitor", "allowed_mentions": silent, "flags": 4},
	}).id(t)
}

func say(t *testing.T, s *discordtest.Server, thread, text string) string {
	t.Helper()
	return call(t, s, "POST", "/channels/"+thread+"/messages", obj{"content": text, "allowed_mentions": silent}).id(t)
}

func texts(s *discordtest.Server, thread string) string {
	return strings.Join(s.State().Texts(thread), "|")
}

func TestBodies(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	path := "/channels/" + id + "/messages"
	for _, v := range []string{"9", "10"} {
		r, _ := http.NewRequest("POST", s.URL+"/api/v"+v+path, strings.NewReader(`{"content":"v`+v+`","embeds":null,"tts":false,"components":null,"sticker_ids":null,"ID":"x"}`))
		r.Header.Set("Authorization", "Bot "+s.Token)
		r.Header.Set("Content-Type", "application/json")
		do(t, r).want(t, 200, 0)
	}
	if got := texts(s, id); got != "New visitor|v9|v10" {
		t.Errorf("thread says %q", got)
	}
	r, _ := http.NewRequest("POST", s.URL+"/api/v9"+path, strings.NewReader("{"))
	r.Header.Set("Authorization", "Bot "+s.Token)
	r.Header.Set("Content-Type", "application/json")
	do(t, r).want(t, 400, 50109)
	r, _ = http.NewRequest("POST", s.URL+"/api/v9"+path, strings.NewReader("x"))
	r.Header.Set("Authorization", "Bot "+s.Token)
	r.Header.Set("Content-Type", "text/plain")
	do(t, r).want(t, 400, 50035)
}

func TestRefusals(t *testing.T) {
	s := start(t)
	for _, auth := range []string{"", s.Token, "Bot wrong"} {
		r, _ := http.NewRequest("GET", s.URL+"/api/v9/users/@me", nil)
		r.Header.Set("Authorization", auth)
		if a := do(t, r).want(t, 401, 0); a.Message != "401: Unauthorized" {
			t.Errorf("401 says %q", a.Message)
		}
	}
	call(t, s, "GET", "/nowhere", nil).want(t, 404, 0)
	call(t, s, "PUT", "/users/@me", nil).want(t, 405, 0)
	call(t, s, "GET", "/channels/nonsense", nil).want(t, 400, 50035)
	call(t, s, "GET", "/channels/12345", nil).want(t, 404, 10003)
	call(t, s, "GET", "/guilds/12345", nil).want(t, 404, 10004)
	call(t, s, "GET", "/guilds/"+s.GuildID+"/members/12345", nil).want(t, 404, 10007)
	call(t, s, "GET", "/channels/"+s.TextID+"/messages/12345", nil).want(t, 404, 10008)
	call(t, s, "GET", "/users/12345", nil).want(t, 404, 10013)
	s.RevokeToken()
	call(t, s, "GET", "/users/@me", nil).want(t, 401, 0)
	s.RestoreToken()
	if me := call(t, s, "GET", "/users/@me", nil).want(t, 200, 0); me.Body["id"] != s.BotID || me.Body["bot"] != true {
		t.Errorf("me %s", me.Raw)
	}
}

func TestAnswersAboutTheGuild(t *testing.T) {
	s := start(t, discordtest.WithForum("800"))
	if c := call(t, s, "GET", "/channels/800", nil).want(t, 200, 0); c.Body["type"] != float64(15) || c.Body["guild_id"] != s.GuildID || len(c.Body["available_tags"].([]any)) != 2 {
		t.Errorf("forum %s", c.Raw)
	}
	if l := call(t, s, "GET", "/guilds/"+s.GuildID+"/channels", nil).List; len(l) != 2 {
		t.Errorf("channels %v", l)
	}
	if l := call(t, s, "GET", "/guilds/"+s.GuildID+"/roles", nil).List; len(l) != 2 || l[0]["id"] != s.GuildID {
		t.Errorf("roles %v", l)
	}
	m := call(t, s, "GET", "/guilds/"+s.GuildID+"/members/"+s.BotID, nil)
	if len(m.Body["roles"].([]any)) != 1 || m.Body["user"].(obj)["id"] != s.BotID {
		t.Errorf("member %s", m.Raw)
	}
	call(t, s, "GET", "/guilds/"+s.GuildID+"/members/@me", nil).want(t, 400, 50035)
	b := call(t, s, "GET", "/gateway/bot", nil)
	if limit := b.Body["session_start_limit"].(obj); limit["remaining"] != float64(1000) || limit["max_concurrency"] != float64(1) {
		t.Errorf("gateway/bot %s", b.Raw)
	}
	call(t, s, "GET", "/guilds/"+s.GuildID, nil).want(t, 200, 0)
	if l := call(t, s, "GET", "/users/@me/guilds", nil).List; len(l) != 1 || l[0]["id"] != s.GuildID {
		t.Errorf("guilds %v", l)
	}
	if a := call(t, s, "GET", "/applications/@me", nil); a.Body["flags"] != float64(1<<19) {
		t.Errorf("app %s", a.Raw)
	}
	s.SetMessageContent(false)
	if a := call(t, s, "GET", "/applications/@me", nil); a.Body["flags"] != float64(0) {
		t.Errorf("app without the intent %s", a.Raw)
	}
}

func TestRequestLog(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	say(t, s, id, "hello")
	call(t, s, "POST", "/channels/"+id+"/messages", obj{"content": " "}).want(t, 400, 50006)
	log := s.Requests("POST", "/channels/{channel}/messages")
	if len(log) != 2 || log[0].Body["content"] != "hello" || !log[0].Performed || log[0].Status != 200 || log[0].Auth != "Bot" {
		t.Fatalf("log %+v", log)
	}
	if log[1].Performed || log[1].Status != 400 || log[1].Code != 50006 {
		t.Errorf("a refused call is logged as %+v", log[1])
	}
	for pattern, want := range map[string]int{"": 3, "/channels/" + id + "/*": 2, "/channels/*/messages": 2, "/channels/" + s.ForumID + "/threads": 1, "/x": 0} {
		if n := s.Count("post", pattern); n != want {
			t.Errorf("%d calls to %q, want %d", n, pattern, want)
		}
	}
	if all := fmt.Sprint(s.State().Log); strings.Contains(all, s.Token) {
		t.Error("the log tells the token")
	}
}

func TestDownAndUp(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	s.Down()
	if code := g.end(); code > 0 {
		t.Errorf("the socket ended with %d", code)
	}
	if _, err := http.Get(s.URL + "/api/v9/gateway"); err == nil {
		t.Error("it answers while it is down")
	}
	s.Down()
	s.Operator("Olga").Message(id, "are you there?")
	s.Up()
	s.Up()
	call(t, s, "GET", "/channels/"+id, nil).want(t, 200, 0)
	if got := texts(s, id); got != "New visitor|are you there?" {
		t.Errorf("afterwards the thread says %q", got)
	}
	identify(t, s)
}

// failing is a test that fails.
type failing struct{ words string }

func (f *failing) Helper()                      {}
func (f *failing) Fatalf(form string, a ...any) { f.words = fmt.Sprintf(form, a...) }

func TestWaitFor(t *testing.T) {
	s := start(t, discordtest.WithPatience(50*time.Millisecond))
	id := post(t, s, "Anna")
	go s.Operator("Olga").Message(id, "hello")
	state := s.WaitFor(t, func(state discordtest.State) bool { return len(state.In(id)) == 2 })
	if state.In(id)[1].Author.Name != "Olga" || state.Thread(id).Name != "Anna" {
		t.Errorf("state %s", state)
	}
	var f failing
	s.WaitFor(&f, func(discordtest.State) bool { return false })
	if !strings.Contains(f.words, `Olga: "hello"`) {
		t.Errorf("a wait in vain says %q", f.words)
	}
}
