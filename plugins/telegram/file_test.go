package main

import (
	"bytes"
	"net/http"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestFilesOut(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	m := visitorSays("msg_1", "look")
	m.Attachments = []plugin.Attachment{
		r.host.AddFile("me.png", "image/png", []byte("PNG…")),
		r.host.AddFile("../a\u202Eb.pdf", "application/pdf", []byte("%PDF")),
		{ID: "att_big", Name: "film.mov", Type: "video/quicktime", Size: 60 << 20, URL: "https://files.example/att_big"},
	}
	if got := r.must(posted(m)); got.Calls != 3 || len(got.Links) != 3 {
		t.Errorf("receipt %+v", got)
	}
	got := r.Messages(topic)[1:]
	if got[0].File == nil || got[0].File.Kind != "photo" || got[0].Text != "Anna: look" || string(got[0].File.Data) != "PNG…" {
		t.Errorf("photo %+v", got[0])
	}
	if got[1].File == nil || got[1].File.Kind != "document" || got[1].Text != "" || string(got[1].File.Data) != "%PDF" || strings.Contains(got[1].File.Name, "\u202E") {
		t.Errorf("document %+v", got[1].File)
	}
	if got[2].File != nil || got[2].Text != "📎 film.mov (60.0 MB): https://files.example/att_big" {
		t.Errorf("too large: %+v", got[2])
	}
}

func TestLongCaptionBecomesText(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	m := visitorSays("msg_1", strings.Repeat("x", 1100))
	m.Attachments = []plugin.Attachment{r.host.AddFile("a.txt", "text/plain", []byte("a"))}
	r.must(posted(m))
	if got := r.said(); len(got) != 2 || got[0] != "Anna" || got[1] != "Anna: "+m.Text {
		t.Fatalf("said %.200q", got)
	}
	r.must(editedTo(m, "short"))
	if got := r.said(); len(got) != 1 || got[0] != "Anna: short" {
		t.Errorf("shortened: %.200q", got)
	}
	r.must(editedTo(m, strings.Repeat("y", 1100)))
	if got := r.said(); len(got) != 2 || got[0] != "Anna" {
		t.Errorf("lengthened: %.200q", got)
	}
	r.must(&plugin.Event{Type: plugin.MessageDeleted, Message: m})
	if left := r.Messages(topic); len(left) != 1 {
		t.Errorf("deleted: %+v", left)
	}
}

func TestCaptionsAreKeptAsTheyAre(t *testing.T) {
	r := newRig(t)
	r.open()
	for i, text := range []string{"look:", ""} {
		m := visitorSays("msg_"+itoa(i), text)
		m.Name = "Anna:"
		m.Attachments = []plugin.Attachment{r.host.AddFile("a.txt", "text/plain", []byte("a"))}
		r.must(posted(m))
	}
	r.wantSaid("Anna:: look:", "Anna:")
}

func TestWhatIsNoPictureGoesAsDocument(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	m := visitorSays("msg_1", "")
	m.Attachments = []plugin.Attachment{r.host.AddFile("odd.png", "image/png", []byte("no picture"))}
	r.Inject(telegramtest.Fault{Method: "sendPhoto", Status: http.StatusBadRequest, Body: "Bad Request: IMAGE_PROCESS_FAILED", Times: 1})
	if got := r.must(posted(m)); got.Calls != 2 {
		t.Errorf("receipt %+v", got)
	}
	if f := r.Messages(topic)[1].File; f == nil || f.Kind != "document" || string(f.Data) != "no picture" {
		t.Errorf("file %+v", f)
	}
}

func TestRefusedUploadBecomesLink(t *testing.T) {
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", "the log")
	m.Attachments = []plugin.Attachment{r.host.AddFile("a.log", "text/plain", []byte("log"))}
	r.Inject(telegramtest.Fault{Method: "sendDocument", Status: http.StatusRequestEntityTooLarge, Body: "<html>too large</html>", Times: 1})
	r.must(posted(m))
	r.wantSaid("Anna: the log\n📎 a.log (0.0 MB): " + m.Attachments[0].URL)
	r.must(editedTo(m, "the newest log"))
	r.wantSaid("Anna: the newest log\n📎 a.log (0.0 MB): " + m.Attachments[0].URL)
}

func TestUploadIsReadAgain(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	data := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	m := visitorSays("msg_1", "")
	m.Attachments = []plugin.Attachment{r.host.AddFile("a.bin", "application/octet-stream", data)}
	r.Inject(telegramtest.Fault{Method: "sendDocument", Drop: telegramtest.DropBefore, Times: 1})
	_, err := r.deliver(posted(m))
	r.wantFailure(err, plugin.FailureRetry, "")
	r.must(posted(m))
	if f := r.Messages(topic)[1].File; f == nil || !bytes.Equal(f.Data, data) {
		t.Error("the file did not arrive whole")
	}
}

func TestFilesIn(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.run()
	olga := r.Operator("Olga")
	olga.Document(topic, "a.pdf", "application/pdf", []byte("%PDF"), "the contract")
	olga.Photo(topic, []byte("JPEG"), "")
	olga.Send(topic, telegramtest.File{Kind: "voice", Type: "audio/ogg", Data: []byte("OGG")}, "")
	olga.Send(topic, telegramtest.File{Kind: "animation", Name: "fun.mp4", Data: []byte("MP4")}, "")
	in := r.received(4)
	for i, want := range []struct{ text, name, data string }{
		{"the contract", "a.pdf", "%PDF"}, {"", "photo.jpg", "JPEG"}, {"", "voice.ogg", "OGG"}, {"", "fun.mp4", "MP4"},
	} {
		if in[i].Text != want.text || len(in[i].Files) != 1 {
			t.Fatalf("inbound %d: %+v", i, in[i])
		}
		a, data, _ := r.host.File(in[i].Files[0])
		if a.Name != want.name || string(data) != want.data {
			t.Errorf("file %d: %q %q", i, a.Name, data)
		}
	}
}

func TestFileTooBigIsSaidInTheTopic(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.run()
	id := r.Operator("Olga").Send(topic, telegramtest.File{Kind: "video", Size: 21 << 20, Data: []byte("x")}, "")
	r.Operator("Olga").Send(topic, telegramtest.File{Kind: "video", Size: 21 << 20, Data: []byte("x")}, "watch this")
	r.Operator("Olga").Message(topic, "next")
	in := r.received(2)
	if in[0].Text != "watch this" || len(in[0].Files) != 0 || in[1].Text != "next" {
		t.Errorf("inbounds %+v", in)
	}
	said := r.State().In(topic)[2:]
	var told []telegramtest.Message
	for _, m := range said {
		if m.From.Bot {
			told = append(told, m)
		}
	}
	if len(told) != 2 || told[0].ReplyTo != id || !strings.Contains(told[0].Text, "20 MB") {
		t.Errorf("told %+v", told)
	}
}

func TestFileThatCannotBeFetchedHoldsUpNothing(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.pauseWith(noPause)
	r.Inject(telegramtest.Fault{Method: "file", Status: http.StatusNotFound})
	r.run()
	r.Operator("Olga").Document(topic, "a.pdf", "", []byte("%PDF"), "")
	r.Operator("Olga").Message(topic, "next")
	if in := r.received(1); in[0].Text != "next" {
		t.Errorf("inbounds %+v", in)
	}
	state := r.WaitFor(t, func(s telegramtest.State) bool { return s.Pending == 0 })
	texts := strings.Join(state.Texts(topic), "\n")
	if !strings.Contains(texts, "did not reach the visitor") || strings.Contains(texts, r.Token) {
		t.Errorf("the operator reads %q", texts)
	}
}

func TestDownloadIsTriedAgain(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	r.pauseWith(noPause)
	r.Inject(telegramtest.Fault{Method: "getFile", Status: http.StatusInternalServerError, Times: 2})
	r.run()
	r.Operator("Olga").Document(topic, "a.pdf", "", []byte("%PDF"), "")
	if in := r.received(1); len(in[0].Files) != 1 {
		t.Errorf("inbound %+v", in[0])
	}
}
