package discordtest_test

import (
	"bytes"
	"encoding/json"
	"image"
	"image/png"
	"io"
	"mime/multipart"
	"net/http"
	"net/textproto"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestHistory(t *testing.T) {
	s := start(t)
	id := post(t, s, "Anna")
	ids := map[string]string{"New visitor": id}
	for _, text := range strings.Fields("a b c d e f") {
		ids[text] = s.Operator("Olga").Message(id, text)
	}
	s.Operator("Olga").Delete(ids["c"])
	for query, want := range map[string]string{
		"":                                    "f e d b a New visitor",
		"?limit=2":                            "f e",
		"?after=" + ids["b"]:                  "f e d",
		"?after=" + ids["b"] + "&limit=2":     "e d", // those that follow it, the newest first
		"?after=" + ids["c"] + "&limit=1":     "d",
		"?after=0&limit=1":                    "New visitor",
		"?after=" + ids["f"]:                  "",
		"?before=" + ids["d"] + "&limit=2":    "b a",
		"?before=" + id:                       "",
		"?around=" + ids["d"] + "&limit=3":    "e d b",
		"?limit=100&before=99999999999999999": "",
	} {
		var got []string
		for _, m := range call(t, s, "GET", "/channels/"+id+"/messages"+query, nil).want(t, 200, 0).List {
			got = append(got, m["content"].(string))
		}
		if strings.Join(got, " ") != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
	for _, limit := range []string{"0", "101", "x"} {
		call(t, s, "GET", "/channels/"+id+"/messages?limit="+limit, nil).want(t, 400, 50035)
	}
}

// upload sends files as a library does.
func upload(t *testing.T, s *discordtest.Server, method, path string, payload any, files ...discordtest.File) answer {
	t.Helper()
	var b bytes.Buffer
	form := multipart.NewWriter(&b)
	head := textproto.MIMEHeader{"Content-Disposition": {`form-data; name="payload_json"`}, "Content-Type": {"application/json"}}
	part, _ := form.CreatePart(head)
	if err := json.NewEncoder(part).Encode(payload); err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		part, _ := form.CreatePart(textproto.MIMEHeader{
			"Content-Disposition": {`form-data; name="files[` + string(rune('0'+i)) + `]"; filename="` + f.Name + `"`}, "Content-Type": {f.Type},
		})
		part.Write(f.Data)
	}
	form.Close()
	r, err := http.NewRequest(method, s.URL+"/api/v9"+path, &b)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bot "+s.Token)
	r.Header.Set("Content-Type", form.FormDataContentType())
	return do(t, r)
}

func download(t *testing.T, link string) (int, string) {
	t.Helper()
	resp, err := http.Get(link)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b)
}

func TestFiles(t *testing.T) {
	s, clock := frozen(t, discordtest.WithUploadLimit(1000))
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	path := "/channels/" + id + "/messages"
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 10, 7))); err != nil {
		t.Fatal(err)
	}
	a := upload(t, s, "POST", path, obj{"content": "two", "attachments": []obj{{"id": 0, "filename": "renamed.txt"}, {"id": "1"}}},
		discordtest.File{Name: "a.txt", Type: "text/plain", Data: []byte("hello")},
		discordtest.File{Name: "ä b.png", Type: "image/png", Data: picture.Bytes()}).want(t, 200, 0)
	files := g.next("MESSAGE_CREATE").data()["attachments"].([]any)
	if f := files[0].(obj); f["filename"] != "renamed.txt" || f["size"] != float64(5) || f["content_type"] != "text/plain" || f["width"] != nil {
		t.Errorf("file %v", f)
	}
	if f := files[1].(obj); f["filename"] != "ä b.png" || f["width"] != float64(10) || f["height"] != float64(7) {
		t.Errorf("picture %v", f)
	}
	link := files[0].(obj)["url"].(string)
	if status, body := download(t, link); status != 200 || body != "hello" {
		t.Errorf("downloaded %d %q", status, body)
	}
	if status, body := download(t, files[1].(obj)["url"].(string)); status != 200 || body != picture.String() {
		t.Errorf("downloaded %d", status)
	}
	if status, _ := download(t, link[:strings.Index(link, "?")]); status != 404 {
		t.Errorf("an unsigned link answers %d", status)
	}
	if status, _ := download(t, strings.Replace(link, "ex=", "ex=1", 1)); status != 404 {
		t.Errorf("a forged link answers %d", status)
	}
	clock.Advance(24 * time.Hour)
	if status, _ := download(t, link); status != 404 {
		t.Errorf("an old link answers %d", status)
	}
	again := call(t, s, "GET", path+"/"+a.id(t), nil).Body["attachments"].([]any)[0].(obj)
	if status, _ := download(t, again["url"].(string)); status != 200 {
		t.Errorf("a fresh link answers %d", status)
	}
	s.Inject(discordtest.Fault{Route: "/attachments/{channel}/{attachment}/{name}", Status: 500, Times: 1})
	if status, _ := download(t, again["url"].(string)); status != 500 {
		t.Errorf("a fault answers %d", status)
	}
	call(t, s, "PATCH", path+"/"+a.id(t), obj{"attachments": []obj{{"id": again["id"]}}}).want(t, 200, 0)
	if m := s.State().Message(a.id(t)); len(m.Files) != 1 || m.Files[0].Name != "renamed.txt" || string(m.Files[0].Data) != "hello" || m.Content != "two" {
		t.Errorf("after the edit %+v", m)
	}
	big := discordtest.File{Name: "big", Type: "application/octet-stream", Data: make([]byte, 1001)}
	upload(t, s, "POST", path, obj{}, big).want(t, 413, 40005)
	upload(t, s, "POST", path, obj{}, make([]discordtest.File, 11)[:11]...).want(t, 400, 50035)
	s.RemovePermission(discordtest.AttachFiles)
	upload(t, s, "POST", path, obj{}, discordtest.File{Name: "x.txt", Data: []byte("x")}).want(t, 403, 50013)
}

func TestOperatorsFile(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	m := s.Operator("Olga").File(s.TextID, "note.txt", "text/plain", []byte("note"), "")
	f := g.next("MESSAGE_CREATE").data()
	file := f["attachments"].([]any)[0].(obj)
	if status, body := download(t, file["url"].(string)); status != 200 || body != "note" || f["content"] != "" || f["id"] != m {
		t.Errorf("%d %q of %v", status, body, f)
	}
	if !strings.HasPrefix(file["url"].(string), s.URL+"/attachments/"+s.TextID+"/") {
		t.Errorf("link %v", file["url"])
	}
}

func TestWebhooks(t *testing.T) {
	s := start(t)
	g := identify(t, s)
	id := post(t, s, "Anna")
	g.next("THREAD_CREATE")
	g.next("MESSAGE_CREATE")
	hooks := "/channels/" + s.ForumID + "/webhooks"
	call(t, s, "POST", hooks, obj{"name": "Visitors"}).want(t, 403, 50013)
	s.GrantPermission(discordtest.ManageWebhooks)
	g.next("GUILD_ROLE_UPDATE")
	call(t, s, "POST", hooks, obj{"name": "My Discord"}).want(t, 400, 50035)
	h := call(t, s, "POST", hooks, obj{"name": "Visitors"}).want(t, 200, 0)
	if l := call(t, s, "GET", hooks, nil).List; len(l) != 1 || l[0]["id"] != h.id(t) {
		t.Errorf("webhooks %v", l)
	}
	path := "/webhooks/" + h.id(t) + "/" + h.Body["token"].(string)
	say := obj{"content": "hello", "username": "Anna", "nonce": "x", "enforce_nonce": true}
	call(t, s, "POST", path+"?wait=true", say).want(t, 400, 220001)
	call(t, s, "POST", path+"?wait=true&thread_id=1", say).want(t, 404, 10003)
	m := call(t, s, "POST", path+"?wait=true&thread_id="+id, say).want(t, 200, 0)
	if m.Body["webhook_id"] != h.id(t) || m.Body["nonce"] != nil || m.Body["author"].(obj)["username"] != "Anna" {
		t.Errorf("message %s", m.Raw)
	}
	if f := g.next("MESSAGE_CREATE").data(); f["webhook_id"] != h.id(t) {
		t.Errorf("told of %v", f)
	}
	call(t, s, "POST", path+"?thread_id="+id, say).want(t, 204, 0) // the nonce means nothing
	if n := len(s.Messages(id)); n != 3 {
		t.Errorf("%d messages", n)
	}
	for _, name := range []string{"clyde", "DISCORD bot", strings.Repeat("x", 81)} {
		call(t, s, "POST", path+"?thread_id="+id, obj{"content": "x", "username": name}).want(t, 400, 50035)
	}
	own := path + "/messages/" + m.id(t)
	call(t, s, "PATCH", own, obj{"content": "edited"}).want(t, 404, 10008)
	call(t, s, "PATCH", own+"?thread_id="+id, obj{"content": "edited @everyone", "allowed_mentions": silent}).want(t, 200, 0)
	call(t, s, "GET", own+"?thread_id="+id, nil).want(t, 200, 0)
	call(t, s, "PATCH", "/channels/"+id+"/messages/"+m.id(t), obj{"content": "by the bot"}).want(t, 403, 50005)
	call(t, s, "DELETE", own+"?thread_id="+id, nil).want(t, 204, 0)
	call(t, s, "DELETE", own+"?thread_id="+id, nil).want(t, 404, 10008)
	call(t, s, "POST", "/webhooks/"+h.id(t)+"/wrong?thread_id="+id, say).want(t, 401, 50027)
	if st := s.State(); len(st.Pinging()) != 0 || strings.Contains(st.String(), h.Body["token"].(string)) {
		t.Errorf("state %s", st)
	}
	call(t, s, "DELETE", "/webhooks/"+h.id(t), nil).want(t, 204, 0)
	call(t, s, "POST", path+"?thread_id="+id, say).want(t, 404, 10015)
}
