package slacktest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

type ticketed struct {
	OK  bool
	URL string `json:"upload_url"`
	ID  string `json:"file_id"`
}

func uploadURL(t *testing.T, s *slacktest.Server, name string, length int) ticketed {
	t.Helper()
	a := call(t, s, "files.getUploadURLExternal", args{"filename": name, "length": fmt.Sprint(length)}).want(t, "")
	var u ticketed
	if err := json.Unmarshal(a.Raw, &u); err != nil {
		t.Fatal(err)
	}
	return u
}

func send(t *testing.T, address, contentType, body string) (int, string) {
	t.Helper()
	resp, err := http.Post(address, contentType, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	answer, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(answer)
}

func TestUpload(t *testing.T) {
	clock := simulator.NewClock(time.Unix(1_700_000_000, 0))
	s := start(t, slacktest.WithClock(clock), slacktest.WithShareDelay(3*time.Second))
	c := connect(t, s)
	parent := post(t, s, "", "parent")
	c.event()
	u := uploadURL(t, s, "a.txt", 5)
	if api, _ := url.Parse(s.URL); !strings.HasPrefix(u.URL, "http://"+api.Host+"/") {
		t.Errorf("upload to %s, the API is %s", u.URL, s.URL)
	}
	files := `[{"id":"` + u.ID + `","title":"A"}]`
	call(t, s, "files.completeUploadExternal", args{"files": files, "channel_id": s.ChannelID}).want(t, "file_not_found")
	if status, answer := send(t, u.URL, "application/octet-stream", "hell"); status != 400 {
		t.Errorf("4 bytes of 5: %d %q", status, answer)
	}
	if status, answer := send(t, u.URL, "application/octet-stream", "hello"); status != 200 || answer != "OK - 5" {
		t.Errorf("uploaded: %d %q", status, answer)
	}
	call(t, s, "files.completeUploadExternal", args{"files": files, "channel_id": s.ChannelID, "thread_ts": parent,
		"initial_comment": "see", "username": "Anna", "icon_url": "https://a.example/a.png"}).want(t, "")
	if a := call(t, s, "files.info", args{"file": u.ID}).want(t, ""); !strings.Contains(string(a.File), `"shares":{}`) {
		t.Errorf("shared at once: %s", a.File)
	}
	clock.WaitTimers(1)
	clock.Advance(3 * time.Second)
	e := c.event()
	if e.Subtype != "file_share" || len(e.Files) != 1 || e.Files[0].ID != u.ID || e.Text != "see" || e.Thread != parent || e.BotID != s.BotID || e.Username != "Anna" {
		t.Errorf("event %+v", e)
	}
	if hint := c.event(); hint.Type != "file_shared" {
		t.Errorf("got %+v", hint)
	}
	a := call(t, s, "files.info", args{"file": u.ID}).want(t, "")
	if !strings.Contains(string(a.File), `"ts":"`+e.TS+`"`) || !strings.Contains(string(a.File), `"thread_ts":"`+parent+`"`) || !strings.Contains(string(a.File), `"public":{"`+s.ChannelID) {
		t.Errorf("shares %s", a.File)
	}
	m := s.State().In(parent)[0]
	if f := m.Files[0]; string(f.Data) != "hello" || f.Name != "a.txt" || f.Title != "A" || !strings.HasPrefix(f.Type, "text/plain") || m.Author != "Anna" {
		t.Errorf("kept %+v", m)
	}
	call(t, s, "files.completeUploadExternal", args{"files": files, "channel_id": s.ChannelID}).want(t, "file_not_found")
	call(t, s, "chat.delete", args{"ts": m.TS}).want(t, "")
	call(t, s, "files.delete", args{"file": u.ID}).want(t, "")
	call(t, s, "files.delete", args{"file": u.ID}).want(t, "file_deleted")
	call(t, s, "files.info", args{"file": "F1"}).want(t, "file_not_found")
	theirs := s.Operator("Olga").File(parent, "b.bin", "", []byte("x"), "")
	call(t, s, "files.delete", args{"file": s.State().Message(theirs).Files[0].ID}).want(t, "cant_delete_file")
}

func TestUploadForms(t *testing.T) {
	s := start(t, slacktest.WithShareDelay(0))
	var form bytes.Buffer
	w := multipart.NewWriter(&form)
	part, _ := w.CreateFormFile("file", "a.txt")
	io.WriteString(part, "hello")
	w.Close()
	doubled := form.String() + "\r\n--" + w.Boundary() + "--\r\n" // as slack-go ends it
	for _, body := range []string{form.String(), doubled} {
		u := uploadURL(t, s, "a.txt", 5)
		if status, answer := send(t, u.URL, w.FormDataContentType(), body); status != 200 || answer != "OK - 5" {
			t.Errorf("%d %q", status, answer)
		}
	}
	u := uploadURL(t, s, "a.txt", 5)
	if status, _ := send(t, u.URL, w.FormDataContentType(), strings.Replace(form.String(), "hello", "hello!", 1)); status != 400 {
		t.Errorf("a longer file: %d", status)
	}
	if status, _ := send(t, u.URL+"x", "", "hello"); status != 404 {
		t.Errorf("no such upload: %d", status)
	}
	call(t, s, "files.getUploadURLExternal", args{"filename": "a", "length": "0"}).want(t, "invalid_arguments")
}

func TestNeverShared(t *testing.T) {
	s := start(t, slacktest.WithShareDelay(0))
	s.NeverShare(1)
	share := func() string {
		u := uploadURL(t, s, "a.txt", 1)
		send(t, u.URL, "", "x")
		call(t, s, "files.completeUploadExternal", args{"files": `[{"id":"` + u.ID + `"}]`, "channel_id": s.ChannelID}).want(t, "")
		return u.ID
	}
	lost, good := share(), share()
	state := s.WaitFor(t, func(s slacktest.State) bool { return len(s.Messages) > 0 })
	if len(state.Messages) != 1 || state.Messages[0].Files[0].ID != good {
		t.Errorf("%v", state)
	}
	if a := call(t, s, "files.info", args{"file": lost}); !strings.Contains(string(a.File), `"shares":{}`) {
		t.Errorf("%s", a.File)
	}
}

func TestDownload(t *testing.T) {
	s := start(t)
	c := connect(t, s)
	s.Operator("Olga").File("", "Grüße.png", "image/png", []byte("PNG"), "look")
	e := c.event()
	if e.Subtype != "file_share" || e.Files[0].Name != "Grüße.png" || e.Text != "look" {
		t.Fatalf("event %+v", e)
	}
	get := func(token string) (string, string) {
		r, _ := http.NewRequest(http.MethodGet, e.Files[0].Download, nil)
		if token != "" {
			r.Header.Set("Authorization", "Bearer "+token)
		}
		resp, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		if resp.StatusCode != 200 {
			t.Errorf("status %d", resp.StatusCode)
		}
		return resp.Header.Get("Content-Type"), string(body)
	}
	if kind, body := get(s.BotToken); kind != "image/png" || body != "PNG" {
		t.Errorf("got %s %q", kind, body)
	}
	for _, token := range []string{"", "xoxb-wrong", s.AppToken} {
		if kind, body := get(token); !strings.HasPrefix(kind, "text/html") || !strings.Contains(body, "Sign in") {
			t.Errorf("with %q got %s %q", token, kind, body)
		}
	}
	s.SetScopes("chat:write")
	if kind, _ := get(s.BotToken); !strings.HasPrefix(kind, "text/html") {
		t.Errorf("without the scope got %s", kind)
	}
}

func TestFileStubs(t *testing.T) {
	s := start(t, slacktest.WithFileStubs())
	c := connect(t, s)
	s.Operator("Olga").File("", "a.txt", "text/plain", []byte("x"), "")
	e := c.event()
	if f := e.Files[0]; f.Access != "check_file_info" || f.Download != "" {
		t.Errorf("event %+v", e)
	}
	if a := call(t, s, "files.info", args{"file": e.Files[0].ID}).want(t, ""); !strings.Contains(string(a.File), "url_private_download") {
		t.Errorf("info %s", a.File)
	}
}
