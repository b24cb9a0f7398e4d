package telegramtest_test

import (
	"bytes"
	"fmt"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

func upload(t *testing.T, s *telegramtest.Server, kind string, data []byte, caption string) answer {
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("chat_id", fmt.Sprint(s.ChatID))
	form.WriteField("caption", caption)
	w, err := form.CreateFormFile(kind, "a.bin")
	if err != nil {
		t.Fatal(err)
	}
	w.Write(data)
	form.Close()
	return post(t, s, "send"+kind, form.FormDataContentType(), &body)
}

func TestUploads(t *testing.T) {
	s := start(t)
	m := upload(t, s, "document", []byte("data"), " hi ").into(t)
	doc, _ := m["document"].(obj)
	if m["caption"] != "hi" || doc["file_name"] != "a.bin" || doc["file_size"] != 4.0 {
		t.Errorf("message %v", m)
	}
	call(t, s, "editMessageText", obj{"message_id": m["message_id"], "text": "x"}).want(t, 400, "Bad Request: there is no text in the message to edit")
	call(t, s, "editMessageCaption", obj{"message_id": m["message_id"], "caption": "ho"}).want(t, 200, "")
	call(t, s, "sendDocument", obj{"document": doc["file_id"]}).want(t, 200, "")
	call(t, s, "sendDocument", obj{"document": "no such file"}).want(t, 400, "Bad Request: wrong file identifier")
	upload(t, s, "document", nil, "").want(t, 400, "Bad Request: file must be non-empty")
	upload(t, s, "document", []byte("x"), strings.Repeat("x", 1025)).want(t, 400, "Bad Request: message caption is too long")
	upload(t, s, "photo", make([]byte, 10<<20+1), "").want(t, 400, "Bad Request: file of size 10485761 bytes is too big for a photo")
	upload(t, s, "document", make([]byte, 50<<20+1), "").want(t, 413, "Request Entity Too Large")
	if p := upload(t, s, "photo", []byte("jpeg"), "").into(t); len(p["photo"].([]any)) != 2 {
		t.Errorf("photo %v", p)
	}
	if got := s.Messages(0)[0]; string(got.File.Data) != "data" || got.Text != "ho" {
		t.Errorf("kept %+v", got)
	}
}

func TestAlbum(t *testing.T) {
	s := start(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	form.WriteField("chat_id", fmt.Sprint(s.ChatID))
	form.WriteField("media", `[{"type":"photo","media":"attach://one","caption":"c"},{"type":"photo","media":"attach://two"}]`)
	for _, name := range []string{"one", "two"} {
		w, _ := form.CreateFormFile(name, name+".jpg")
		w.Write([]byte(name))
	}
	form.Close()
	post(t, s, "sendMediaGroup", form.FormDataContentType(), &body).want(t, 200, "")
	if got := s.Messages(0); len(got) != 2 || got[0].Album == "" || got[0].Album != got[1].Album || string(got[1].File.Data) != "two" {
		t.Errorf("album %+v", got)
	}
	call(t, s, "sendMediaGroup", obj{"media": []obj{{"type": "photo", "media": "x"}, {"type": "photo", "media": "y"}}}).want(t, 400, "Bad Request: failed to send message #1 with the error message")
}

func TestDownloads(t *testing.T) {
	clock := simulator.NewClock(epoch)
	s := start(t, telegramtest.WithClock(clock))
	olga := s.Operator("Olga")
	id := olga.Document(0, "a.pdf", "application/pdf", []byte("%PDF"), "")
	file := call(t, s, "getFile", obj{"file_id": s.State().Message(id).File.ID}).into(t)
	get := func(token string) (int, string) {
		resp, err := http.Get(s.URL + "/file/bot" + token + "/" + file["file_path"].(string))
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, _ := io.ReadAll(resp.Body)
		return resp.StatusCode, string(body)
	}
	if status, body := get(s.Token); status != 200 || body != "%PDF" {
		t.Errorf("%d %q", status, body)
	}
	if status, _ := get("1:wrong"); status != 401 {
		t.Errorf("with a wrong token: %d", status)
	}
	clock.Advance(time.Hour)
	if status, _ := get(s.Token); status != 404 {
		t.Errorf("after an hour: %d", status)
	}
	big := olga.Send(0, telegramtest.File{Kind: "video", Size: 20<<20 + 1}, "")
	call(t, s, "getFile", obj{"file_id": s.State().Message(big).File.ID}).want(t, 400, "Bad Request: file is too big")
	call(t, s, "getFile", obj{"file_id": "x"}).want(t, 400, "Bad Request: wrong file_id")
}
