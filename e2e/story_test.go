package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

// story is one session seen from its three places: what the visitor's page and
// the inbox must show is kept once, and compared with both.
type story struct {
	*world
	page  widget
	inbox inbox
	topic int
	olga  *telegramtest.Operator
	said  []string // as the inbox shows it
}

// both checks the two pages against what was said. The visitor sees operators as
// the project calls them, and no notes.
func (s *story) both() {
	s.t.Helper()
	var seen []string
	for _, l := range s.said {
		if !strings.HasPrefix(l, "note") {
			seen = append(seen, strings.Replace(l, "operator", "Acme support", 1))
		}
	}
	s.reads(s.inbox, s.said...)
	s.reads(s.page, seen...)
}

func (s *story) says(line string) {
	s.t.Helper()
	s.said = append(s.said, line)
	s.both()
}

func (s *story) becomes(line string) {
	s.t.Helper()
	s.said[len(s.said)-1] = line
	s.both()
}

// inTopic waits for a message of the topic and returns its id.
func (s *story) inTopic(what string, match func(telegramtest.Message) bool) telegramtest.Message {
	s.t.Helper()
	var found telegramtest.Message
	s.telegram.WaitFor(s.t, func(state telegramtest.State) bool {
		for _, m := range state.In(s.topic) {
			if match(m) {
				found = m
				return true
			}
		}
		return false
	})
	if found.ID == 0 {
		s.t.Fatalf("the topic has no %s", what)
	}
	return found
}

func (s *story) text(text string) telegramtest.Message {
	s.t.Helper()
	return s.inTopic(text, func(m telegramtest.Message) bool { return strings.Contains(m.Text, text) })
}

func (s *story) goneFromTopic(text string) {
	s.t.Helper()
	s.telegram.WaitFor(s.t, func(state telegramtest.State) bool {
		for _, m := range state.In(s.topic) {
			if strings.Contains(m.Text, text) {
				return false
			}
		}
		return true
	})
}

func TestOneSessionInThreePlaces(t *testing.T) {
	onEachDatabase(t, func(t *testing.T, url string) { tellStory(t, newWorld(t, url)) })
	t.Run("firefox", func(t *testing.T) {
		needsFirefox(t)
		w := newWorld(t, databases["sqlite"](t))
		w.browser = inFirefox
		tellStory(t, w)
	})
}

func tellStory(t *testing.T, w *world) {
	t.Helper()
	visitor := w.person()
	s := &story{world: w, olga: w.telegram.Operator("Olga")}
	s.page = w.widget(visitor)
	s.page.shot("widget-open")
	s.firstMessage()
	s.fromTelegram()
	s.fromInbox()
	s.fromVisitor()
	s.files()
	s.notesAndCommands()
	s.closing()
	s.typing()

	s.page.reload()
	s.both()
	second := w.widget(visitor)
	s.page.write("to both tabs")
	s.says("visitor: to both tabs")
	w.eventually("the second tab to show it", func() bool {
		lines := second.lines()
		return len(lines) > 0 && lines[len(lines)-1].Text == "to both tabs"
	})
	if a, b := s.page.lines(), second.lines(); len(a) != len(b) {
		t.Errorf("the tabs show %d and %d messages", len(a), len(b))
	}
	s.page.shot("widget-story")
	s.inbox.shot("inbox-story")
	if topics := w.telegram.Topics(); len(topics) != 1 {
		t.Errorf("one session has %d topics", len(topics))
	}
}

func (s *story) firstMessage() {
	s.t.Helper()
	s.page.write("Do you ship to Norway?")
	state := s.telegram.WaitFor(s.t, func(state telegramtest.State) bool {
		return len(state.Topics) == 1 && len(state.In(state.Topics[0].ID)) >= 2 // and what the platform cannot do
	})
	s.topic = state.Topics[0].ID
	s.inbox = s.world.inbox(s.person())
	s.inbox.pick()
	s.says("visitor: Do you ship to Norway?")
	s.eventually("the tick of a delivered message", func() bool {
		tick := s.page.lines()[0].Tick
		return tick == "delivered" || tick == "read"
	})
}

func (s *story) fromTelegram() {
	s.t.Helper()
	answer := s.olga.Reply(s.text("Do you ship to Norway?").ID, "Yes, we do")
	s.says("operator to «Do you ship to Norway?»: Yes, we do")
	s.olga.Edit(answer, "Yes, within three days")
	s.becomes("operator to «Do you ship to Norway?»: Yes, within three days (edited)")
	wrong := s.olga.Message(s.topic, "wrong window")
	s.says("operator: wrong window")
	s.olga.Reply(wrong, "/del")
	s.becomes("operator: (deleted)")
	s.goneFromTopic("wrong window")
}

func (s *story) fromInbox() {
	s.t.Helper()
	s.inbox.write("Anything else?")
	s.says("operator: Anything else?")
	s.text("Anything else?")
	s.inbox.press("Anything else?", "Edit")
	s.inbox.write("Anything else I can do?")
	s.becomes("operator: Anything else I can do? (edited)")
	s.text("Anything else I can do?")
	s.inbox.press("Do you ship to Norway?", "Reply")
	s.inbox.write("It is 9 euros")
	s.says("operator to «Do you ship to Norway?»: It is 9 euros")
	if m := s.text("It is 9 euros"); m.ReplyTo != s.text("Do you ship to Norway?").ID {
		s.t.Errorf("in the topic the inbox's reply answers %d", m.ReplyTo)
	}
	s.inbox.write("never mind this")
	s.says("operator: never mind this")
	s.text("never mind this")
	s.inbox.wait("the message to be deleted", `const m = [...root.querySelectorAll('[data-message]')].find((m) => m.querySelector('p.text')?.textContent === args[0]);
		m?.querySelector('.actions button:last-child').click(); // it asks whether one is sure
		return !m`, "never mind this")
	s.becomes("operator: (deleted)")
	s.goneFromTopic("never mind this")
}

func (s *story) fromVisitor() {
	s.t.Helper()
	s.page.write("Thanks a lot")
	s.says("visitor: Thanks a lot")
	s.text("Thanks a lot")
	s.page.press("Thanks a lot", "edit")
	s.page.write("Thank you very much")
	s.becomes("visitor: Thank you very much (edited)")
	s.text("Thank you very much")
	s.page.press("It is 9 euros", "reply")
	s.page.write("Is that each?")
	s.says("visitor to «It is 9 euros»: Is that each?")
	if m := s.text("Is that each?"); m.ReplyTo != s.text("It is 9 euros").ID {
		s.t.Errorf("in the topic the visitor's reply answers %d", m.ReplyTo)
	}
	s.page.write("a secret slipped")
	s.says("visitor: a secret slipped")
	s.text("a secret slipped")
	s.page.press("a secret slipped", "delete")
	s.becomes("visitor: (deleted)")
	s.goneFromTopic("a secret slipped")
	s.page.write("/close")
	s.says("visitor: /close")
}

func (s *story) files() {
	s.t.Helper()
	pdf := filepath.Join(s.t.TempDir(), "order.pdf")
	if err := os.WriteFile(pdf, []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\n"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.page.attach("root.querySelector('input[type=file]')", pdf)
	s.says("visitor: [order.pdf]")
	s.inTopic("the visitor's file", func(m telegramtest.Message) bool { return m.File != nil && m.File.Name == "order.pdf" })

	s.olga.Document(s.topic, "label.pdf", "application/pdf", []byte("%PDF-1.4\nlabel"), "Your label")
	s.says("operator: Your label[label.pdf]")

	reply := filepath.Join(s.t.TempDir(), "terms.pdf")
	if err := os.WriteFile(reply, []byte("%PDF-1.4\nterms"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	s.inbox.attach("root.querySelector('form.composer input[type=file]')", reply)
	s.inbox.wait("the file to be uploaded", "return root.querySelector('.chips li')?.textContent.includes('terms.pdf') && !root.querySelector('form.composer .send').disabled")
	s.inbox.write("Our terms")
	s.says("operator: Our terms[terms.pdf]")
	s.inTopic("the inbox's file", func(m telegramtest.Message) bool { return m.File != nil && m.File.Name == "terms.pdf" })
}

func (s *story) notesAndCommands() {
	s.t.Helper()
	s.olga.Message(s.topic, "/note she is a regular")
	s.says("note: she is a regular")
	s.inbox.write("!note give her a discount")
	s.says("note: give her a discount")
	s.text("give her a discount")
	s.olga.Message(s.topic, "/clsoe")
	s.text("unknown command /clsoe")
	s.olga.Command(s.topic, "info", "")
	s.inTopic("the answer to /info", func(m telegramtest.Message) bool { return strings.Contains(m.Text, "Visitor vis_") })
	s.both()
}

func (s *story) closing() {
	s.t.Helper()
	closed := "return root.querySelector('.line')?.textContent"
	open := "return !root.querySelector('.line')?.textContent"
	inboxSays := "return root.querySelector('#toggle-status')?.textContent.trim() === args[0]"
	topic := func(closed bool) {
		s.t.Helper()
		s.telegram.WaitFor(s.t, func(state telegramtest.State) bool { return state.Topic(s.topic).Closed == closed })
	}

	s.olga.CloseTopic(s.topic)
	s.page.wait("the page to say closed", closed)
	s.inbox.wait("the inbox to say closed", inboxSays, "Reopen")
	s.page.write("one more thing")
	s.says("visitor: one more thing")
	topic(false)
	s.inbox.wait("the inbox to say open", inboxSays, "Close")
	s.page.wait("the page to be open again", open)

	s.inbox.do("root.querySelector('#toggle-status').click()")
	topic(true)
	s.page.wait("the page to say closed", closed)
	s.olga.Message(s.topic, "wait, I found it")
	s.says("operator: wait, I found it")
	topic(false)

	s.olga.Message(s.topic, "/close")
	topic(true)
	s.page.wait("the page to say closed", closed)
	s.olga.ReopenTopic(s.topic)
	s.page.wait("the page to be open again", open)
	s.inbox.wait("the inbox to say open", inboxSays, "Close")
	s.both()
}

func (s *story) typing() {
	s.t.Helper()
	s.page.do("const f = root.querySelector('textarea'); f.value = 'I'; f.dispatchEvent(new Event('input', { bubbles: true }))")
	s.inbox.wait("the inbox to show that the visitor types", "return root.querySelector('.typing:not([hidden])')")
	s.eventually("the topic to show that the visitor types", func() bool { return s.telegram.Typing(s.topic) })
	s.page.do("const f = root.querySelector('textarea'); f.value = ''; f.dispatchEvent(new Event('input', { bubbles: true }))")
	s.inbox.do("const f = root.querySelector('#composer-text'); f.value = 'H'; f.dispatchEvent(new Event('input', { bubbles: true }))")
	s.page.wait("the page to show that an operator types", "return root.querySelector('.typing.on')")
	s.inbox.do("const f = root.querySelector('#composer-text'); f.value = ''; f.dispatchEvent(new Event('input', { bubbles: true })); f.blur()")
}
