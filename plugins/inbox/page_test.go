package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func newPage(t *testing.T) (*desk, browser) {
	d := newDesk(t)
	d.open(plugin.Session{ID: "sess_ana", Visitor: plugin.Visitor{ID: "vis_ana", Name: "Ana"}})
	d.open(plugin.Session{ID: "sess_bo", Visitor: plugin.Visitor{ID: "vis_bo", Name: "Bo"}})
	d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Text: "first question"})
	d.post("sess_bo", plugin.Message{Sender: "visitor", Name: "Bo", Text: "other question"})
	return d, open(t, d.serve().URL+prefix+"/")
}

// kinds are what was handed over, but typing and read marks.
func kinds(d *desk) (found []plugin.Inbound) {
	for _, in := range d.Receives() {
		if in.Kind != plugin.InboundTyping && in.Kind != plugin.InboundRead {
			found = append(found, in)
		}
	}
	return found
}

func TestMessagesComeLive(t *testing.T) {
	d, b := newPage(t)
	b.sees(".session .badge", "1")
	b.wait("two unread in the title", `document.title.startsWith("(2)")`)
	b.goTo("sess_ana")
	b.sees(".bubble", "first question")
	d.Wait(t, "the read mark", func() bool { return len(d.Receives()) == 1 && d.Receives()[0].Kind == plugin.InboundRead })
	b.wait("one unread in the title", `document.title.startsWith("(1)")`)
	m := d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Text: "second question"})
	b.sees(".bubble", "second question")
	d.Wait(t, "the second read mark", func() bool { r := d.Receives(); return r[len(r)-1].ExternalID == m.ID })
	d.post("sess_bo", plugin.Message{Sender: "visitor", Name: "Bo", Text: "are you there?"})
	b.sees(".session.is-unread", "are you there?")
	b.sees(".session .badge", "2")
	d.post("sess_ana", plugin.Message{Sender: "operator", Name: "Marek", Via: "acme.telegram", Text: "from the phone"})
	b.sees(".message.from-operator .author", "telegram")
	d.live("sess_ana", plugin.EventTyping, `{"on":true}`)
	b.sees(".typing", "Ana is typing")
	d.live("sess_ana", plugin.EventTyping, `{"on":false}`)
	b.absent(".typing", "Ana")
	d.live("sess_ana", plugin.EventReceipt, `{"read":99}`)
	b.wait("the second tick", `document.querySelector(".tick.is-read") !== null`)
	d.open(plugin.Session{ID: "sess_new", Visitor: plugin.Visitor{ID: "vis_new", Name: "Newcomer"}})
	d.tell("sess_new", plugin.SessionOpened, nil)
	b.sees(".session", "Newcomer")
	d.tell("sess_ana", plugin.Notice, map[string]string{"text": "acme.slack could not take this"})
	b.sees(".notice", "acme.slack could not take this")
	d.tell("sess_ana", plugin.SessionRated, map[string]any{"score": 5, "comment": "quick!"})
	b.sees(".event", "Rated ★★★★★ 5/5 “quick!”")
	if _, err := d.bridge().Erase(t.Context(), "sess_ana", nil); err != nil {
		t.Fatal(err)
	}
	b.sees(".blank", "This visitor was erased.")
	b.absent(".session", "Ana")
}

func TestOperatorAnswers(t *testing.T) {
	d, b := newPage(t)
	b.goTo("sess_ana")
	b.typeIn("Hello")
	d.Wait(t, "typing", func() bool {
		r := d.Receives()
		return r[len(r)-1].Kind == plugin.InboundTyping && r[len(r)-1].On
	})
	b.send(" Ana")
	b.sees(".from-operator .bubble", "Hello Ana")
	b.absent(".waiting", "")
	b.press("first question", "Reply")
	b.sees(".mode", "Replying to Ana")
	b.send("here is the answer")
	b.sees(".from-operator .quote", "first question")
	if m := d.newest("sess_ana"); m.Text != "here is the answer" || m.ReplyText != "first question" || m.Name != "Olga" {
		t.Errorf("reply: %+v", m)
	}
	b.do(chromedp.Click(chromedp.CSS(".note-toggle")))
	b.sees(".composer.is-note", "")
	b.send("she is a partner")
	b.sees(".from-note .bubble", "she is a partner")
	if in := kinds(d); in[len(in)-1].Text != "/note she is a partner" || !d.newest("sess_ana").Note {
		t.Errorf("note: %+v", in[len(in)-1])
	}
	b.press("Hello Ana", "Edit")
	b.sees(".mode", "Editing your message")
	b.send(", welcome")
	b.sees(".from-operator .bubble", "Hello Ana, welcome")
	b.sees(".from-operator .meta", "edited")
	b.press("she is a partner", "Edit")
	b.send(" of ours")
	b.sees(".from-note .bubble", "she is a partner of ours")
	b.press("here is the answer", "Delete")
	b.wait("the question", `document.querySelector(".actions .sure")?.textContent === "Delete?"`)
	b.press("here is the answer", "Delete")
	b.sees(".is-deleted .bubble", "This message was deleted")
	b.absent(".bubble", "here is the answer")
	b.wait("no editing of others' messages", `document.querySelector('.from-visitor [aria-label="Edit"], .from-visitor [aria-label="Delete"]') === null`)
}

func TestOperatorClosesAndReopens(t *testing.T) {
	d, b := newPage(t)
	b.goTo("sess_ana")
	b.do(chromedp.Click(chromedp.CSS("#toggle-status")))
	b.sees(".event", "Session closed by Olga")
	b.sees(".talk-head", "Reopen")
	b.absent(".session", "Ana")
	b.do(chromedp.Click(chromedp.CSS(`[data-filter="closed"]`)))
	b.sees(".session", "Ana")
	b.send("one more thing")
	b.sees(".event", "Session reopened by Olga")
	b.sees(".from-operator .bubble", "one more thing")
	b.do(chromedp.Click(chromedp.CSS("#toggle-status")))
	b.sees("#toggle-status", "Reopen")
	b.do(chromedp.Click(chromedp.CSS("#toggle-status")))
	b.sees("#toggle-status", "Close")
	if in := kinds(d); len(in) != 4 || in[3].Kind != plugin.InboundReopen {
		t.Errorf("handed over %+v", in)
	}
}

func TestFilesGoBothWays(t *testing.T) {
	d, b := newPage(t)
	shot := d.AddFile("shot.png", "image/png", picture())
	d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Attachments: []plugin.Attachment{shot}})
	b.goTo("sess_ana")
	b.wait("the picture", `document.querySelector(".picture img")?.naturalWidth === 640`)
	path := filepath.Join(t.TempDir(), "terms & “conditions”.txt")
	if err := os.WriteFile(path, []byte("be kind"), 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[type="file"]`), []string{path}))
	b.sees(".chip", "conditions")
	b.wait("the upload", `!document.querySelector(".send").disabled`)
	b.send("our terms")
	// One that is still on its way is no link.
	b.sees(".from-operator a.file", "terms & “conditions”.txt")
	a := d.newest("sess_ana").Attachments
	if len(a) != 1 {
		t.Fatalf("attachments %+v", a)
	}
	if _, data, ok := d.File(a[0].ID); !ok || string(data) != "be kind" {
		t.Errorf("uploaded %q", data)
	}
	b.run(`(async () => { const e = document.querySelector(".from-operator a.file"); window.got = await (await fetch(e.href)).text() })()`)
	b.wait("the download", `window.got === "be kind"`)
	b.run(`(() => { const data = new DataTransfer(); data.items.add(new File(["pasted"], "paste.txt")); document.querySelector("#composer-text").dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true })) })()`)
	b.sees(".chip", "paste.txt")
}

// Whatever a visitor, a platform or a file says is shown as text.
func TestForeignTextStaysText(t *testing.T) {
	d := newDesk(t)
	evil := `<img src=x onerror="window.hacked=1"><script>window.hacked=1</script>`
	d.open(plugin.Session{
		ID: "sess_eve", Visitor: plugin.Visitor{ID: "vis_eve", Name: evil, Email: evil, Traits: map[string]string{evil: evil}},
		Metadata: map[string]string{"url": "javascript:window.hacked=1", "title": evil, "referrer": "data:text/html," + evil, "language": evil, "timezone": evil, evil: evil},
	})
	first := d.post("sess_eve", plugin.Message{Sender: "visitor", Name: evil, Text: evil + " javascript:window.hacked=1 https://ok.example/\"onmouseover=window.hacked=1"})
	file := d.AddFile(evil, "text/html", []byte(evil))
	fake := d.AddFile("x.png", "image/png", []byte(evil))
	d.post("sess_eve", plugin.Message{Sender: "operator", Name: evil, Via: evil, Text: evil, ReplyTo: first.ID, ReplyText: evil, Attachments: []plugin.Attachment{file, fake}})
	b := open(t, d.serve().URL+prefix+"/#/sess_eve")
	b.screen(1440, 900, "light")
	b.sees(".from-visitor .text", evil)
	b.sees(".from-operator .quote", evil)
	b.sees(".session", "<img src=x")
	b.sees("#details", evil)
	d.tell("sess_eve", plugin.Notice, map[string]string{"text": evil})
	d.tell("sess_eve", plugin.VisitorTracked, map[string]any{"name": evil, "data": map[string]string{"x": evil}})
	d.tell("sess_eve", plugin.SessionClosed, map[string]string{"by": "operator", "name": evil})
	b.sees(".notice", evil)
	b.sees(".event", "Session closed by "+evil)
	b.wait("no markup", `!window.hacked && document.querySelectorAll("body script, img[onerror], [onmouseover]").length === 0`)
	b.wait("web links only", `[...document.querySelectorAll("a")].every((a) => ["http:", "https:"].includes(a.protocol))`)
}

func TestNothingTypedIsLost(t *testing.T) {
	d, b := newPage(t)
	b.goTo("sess_ana")
	d.refuse(errors.New("the disk is full"))
	b.send("do not lose me")
	b.send("nor me")
	b.sees(".waiting .meta", "waiting for the server")
	b.typeIn("half a sen")
	b.do(chromedp.Reload())
	b.sees(".waiting .bubble", "do not lose me")
	b.sees(".waiting .bubble", "nor me")
	b.wait("the draft", `document.querySelector("#composer-text").value === "half a sen"`)
	d.refuse(nil)
	b.absent(".waiting", "")
	b.sees(".from-operator .bubble", "nor me")
	if in := kinds(d); len(in) != 2 || in[0].Text != "do not lose me" || in[1].Text != "nor me" {
		t.Errorf("handed over %+v", in)
	}
}

func TestRefusalsAreShownAndCanBeChanged(t *testing.T) {
	_, b := newPage(t)
	b.goTo("sess_ana")
	b.typeIn("/clsoe")
	b.sees(".hint", "not sent to the visitor")
	b.enter()
	b.sees(".has-failed .why", "unknown command /clsoe, nothing was sent")
	b.sees(".notice", "unknown command /clsoe")
	b.run(`[...document.querySelectorAll(".why button")].find((e) => e.innerText === "Change").click()`)
	b.wait("the text is back", `document.querySelector("#composer-text").value === "/clsoe" && !document.querySelector(".waiting")`)
}

func TestPageComesBack(t *testing.T) {
	d, b := newPage(t)
	b.goTo("sess_ana")
	b.sees(".status", "Live")
	d.mu.Lock()
	d.store("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Text: "said while nobody listened"})
	d.messages["sess_ana"][0].Text = "changed while nobody listened"
	d.session("sess_bo").Status = "closed"
	d.mu.Unlock()
	d.start() // as after a crash of the plugin
	b.sees(".bubble", "said while nobody listened")
	b.sees(".bubble", "changed while nobody listened")
	b.absent(".session", "Bo")
	b.sees(".status", "Live")
	d.signedOut.Store(true)
	b.send("typed too late")
	b.sees("#gate", "Open a fresh link from the terminal")
	d.signedOut.Store(false)
	b.run(`document.querySelector("#gate button").click()`)
	b.sees(".from-operator .bubble", "typed too late")
}

func TestOperatorNamesThemselves(t *testing.T) {
	d, b := newPage(t)
	b.run(`document.querySelector("#my-name").select()`)
	b.do(chromedp.SendKeys(chromedp.CSS("#my-name"), "Žofie"))
	b.do(chromedp.Reload())
	b.goTo("sess_ana")
	b.send("hi")
	b.sees(".from-operator .author", "Žofie")
	if m := d.newest("sess_ana"); m.Name != "Žofie" {
		t.Errorf("named %q", m.Name)
	}
}

func TestEarlierMessagesAreAPressAway(t *testing.T) {
	d, b := newPage(t)
	for range pageOfMessages {
		d.post("sess_ana", plugin.Message{Sender: "visitor", Name: "Ana", Text: strings.Repeat("more ", 9)})
	}
	b.goTo("sess_ana")
	b.wait("a page of messages", `document.querySelectorAll(".message").length >= 60`)
	b.absent(".bubble", "first question")
	b.wait("the newest in view", `(() => { const e = document.querySelector(".middle .scroll"); return e.scrollTop > 0 && e.scrollHeight - e.scrollTop - e.clientHeight < 4 })()`)
	b.do(chromedp.Click(chromedp.CSS(".middle .more")))
	b.sees(".bubble", "first question")
	b.absent(".middle .more", "")
}
