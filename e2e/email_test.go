package e2e

import (
	"bytes"
	"context"
	"fmt"
	"net/mail"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

const mailSecret = "mail-secret-e2e-0000"

// mailed is a server whose visitors are mailed when they are gone.
type mailed struct {
	*world
	mails *emailtest.Server
}

func newMailed(t *testing.T, database string) *mailed {
	t.Helper()
	b, err := bins()
	if err != nil {
		t.Fatal(err)
	}
	m := &mailed{
		world: &world{t: t, telegram: telegramtest.NewServer(telegramtest.WithPatience(patience))},
		mails: emailtest.NewServer(),
	}
	t.Cleanup(m.telegram.Close)
	t.Cleanup(m.mails.Close)
	config := strings.Replace(m.config(database), `  bridge "telegram" {`, mailBlock(m.mails)+`  bridge "telegram" {`, 1)
	if m.core, err = harness.New(b, t.TempDir(), config); err != nil {
		t.Fatal(err)
	}
	m.start()
	t.Cleanup(func() {
		if err := m.core.Stop(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("the server's log:\n%s", tail(m.core.Log(), 200))
		}
		for _, canary := range []string{"DATA RACE", mailSecret, m.mails.Password, m.telegram.Token} {
			if strings.Contains(m.core.Log(), canary) {
				t.Errorf("the log holds %q", canary)
			}
		}
	})
	m.mails.WaitFor(t, func(s emailtest.State) bool { return s.Logins > 0 })
	return m
}

// guest writes something, leaves an address, and goes. Nothing is left of them but
// the token in their browser.
func (m *mailed) guest(text string) (token, session string, topic int) {
	m.t.Helper()
	ctx, leave := context.WithCancel(m.t.Context())
	v := m.visitor(ctx)
	<-v.Post(ctx, text).Acked
	p := &pagePlace{m.world, v}
	p.frame(map[string]any{"type": "identify", "traits": map[string]string{"name": "Anna", "email": "anna@example.org"}})
	state := v.State()
	leave()
	<-v.Done()
	return state.Token, state.SessionID, m.shows(text)
}

// mail is the n-th that was sent, as Anna's mailbox has it.
func (m *mailed) mail(n int) (*mail.Message, string) {
	m.t.Helper()
	state := m.mails.WaitFor(m.t, func(s emailtest.State) bool { return len(s.Mails) > n })
	got, err := mail.ReadMessage(bytes.NewReader(state.Mails[n].Raw))
	if err != nil {
		m.t.Fatal(err)
	}
	if to := state.Mails[n].To; to != "anna@example.org" {
		m.t.Errorf("the mail goes to %s", to)
	}
	var body bytes.Buffer
	if _, err := body.ReadFrom(got.Body); err != nil {
		m.t.Fatal(err)
	}
	return got, strings.ReplaceAll(body.String(), "\r\n", "\n")
}

// answers lets Anna answer a mail as mail programs do.
func (m *mailed) answers(to *mail.Message, quoted, text string) {
	m.t.Helper()
	m.mails.Arrive(fmt.Sprintf("From: Anna <anna@example.org>\nTo: %s\nMessage-ID: <%x@example.org>\nIn-Reply-To: %s\nReferences: %s %s\nSubject: Re: %s\n\n%s\n\nOn Monday at 10:00, %s wrote:\n> %s\n",
		to.Header.Get("Reply-To"), text, to.Header.Get("Message-ID"), to.Header.Get("References"), to.Header.Get("Message-ID"), to.Header.Get("Subject"),
		text, to.Header.Get("From"), strings.ReplaceAll(strings.TrimSpace(quoted), "\n", "\n> ")))
}

// The story of the promise: gone, mailed, answered by mail, and back.
func TestWhoIsGoneIsMailedAndAnswersByMail(t *testing.T) {
	t.Parallel()
	onEachDatabase(t, func(t *testing.T, url string) {
		m := newMailed(t, url)
		token, session, topic := m.guest("Do you ship to Norway?")
		olga := m.telegram.Operator("Olga")
		olga.Message(topic, "Yes, we do")
		olga.Message(topic, "/note she may be a reseller")
		olga.Message(topic, "within three days")

		got, text := m.mail(0)
		if !strings.Contains(text, "Yes, we do\n\nwithin three days") || strings.Contains(text, "reseller") || strings.Contains(text, "Norway") {
			t.Errorf("the mail says %q", text)
		}
		m.answers(got, text, "Great! And /close is no command here")
		m.shows("Anna (by email): Great! And /close is no command here")
		back := m.visitorWith(t.Context(), visitor.Options{Token: token})
		m.eventually("the page to show what was said by mail", func() bool {
			s := back.State()
			return s.SessionID == session && slices.ContainsFunc(s.Messages, func(v visitor.Message) bool {
				return v.Sender == "visitor" && v.Text == "Great! And /close is no command here"
			})
		})
		olga.Message(topic, "You are welcome")
		second, text := m.mail(1)
		if second.Header.Get("References") != got.Header.Get("References") || strings.Contains(text, "Yes, we do") {
			t.Errorf("the second mail: %v %q", second.Header, text)
		}
		if n := len(m.mails.State().Mails); n != 2 {
			t.Errorf("%d mails", n)
		}
	})
}

// The plugin is killed at each step of a mail, and the server too.
func TestNoAnswerIsLostOrMailedTwiceWhenThePluginIsKilled(t *testing.T) {
	t.Parallel()
	m := newMailed(t, databases["sqlite"](t))
	_, _, topic := m.guest("hello")
	olga := m.telegram.Operator("Olga")

	olga.Message(topic, "first answer") // it waits: nothing was sent yet
	m.eventually("the answer to wait with the core", func() bool { return strings.Contains(m.core.Log(), "the platform asks to wait") })
	m.kill()
	got, text := m.mail(0)
	if !strings.Contains(text, "first answer") {
		t.Errorf("the mail says %q", text)
	}

	killed := make(chan struct{})
	m.mails.OnData(func(emailtest.Mail) error { // it was begun: nothing was taken
		m.kill()
		close(killed)
		return fmt.Errorf("the connection is gone")
	})
	olga.Message(topic, "second answer")
	<-killed
	m.mails.OnData(nil)
	if _, text := m.mail(1); !strings.Contains(text, "second answer") {
		t.Errorf("the mail says %q", text)
	}

	again := make(chan struct{})
	m.mails.OnTaken(func(emailtest.Mail) error { // it was taken, and nobody knows: SMTP's own unknown
		m.mails.OnTaken(nil)
		if err := m.core.Kill(); err != nil {
			t.Error(err)
		}
		close(again)
		return nil
	})
	olga.Message(topic, "third answer")
	<-again
	m.start()
	third, _ := m.mail(2)
	fourth, text := m.mail(3)
	if third.Header.Get("Message-ID") != fourth.Header.Get("Message-ID") || !strings.Contains(text, "third answer") {
		t.Errorf("what may have been taken comes as another mail: %q", text)
	}

	m.answers(got, text, "thanks")
	for range 3 {
		m.kill() // wherever it is with the mail
	}
	m.shows("Anna (by email): thanks")
	m.answers(got, text, "that is all")
	m.shows("Anna (by email): that is all")
	said := 0
	for _, s := range m.telegram.Messages(topic) {
		if strings.Contains(s.Text, ": thanks") {
			said++
		}
	}
	if n := len(m.mails.State().Mails); n != 4 || said != 1 {
		t.Errorf("%d mails, and the visitor said it %d times", n, said)
	}
}

// kill ends the plugin with -9 as soon as it runs.
func (m *mailed) kill() {
	m.t.Helper()
	m.eventually("the plugin to be there", func() bool { return m.core.KillPlugin("email") })
}

// shows waits for a text of the bot and answers with its topic.
func (m *mailed) shows(text string) (topic int) {
	m.t.Helper()
	m.telegram.WaitFor(m.t, func(s telegramtest.State) bool {
		i := slices.IndexFunc(s.Messages, func(said telegramtest.Message) bool { return said.From.Bot && strings.Contains(said.Text, text) })
		if i >= 0 {
			topic = s.Messages[i].Topic
		}
		return i >= 0
	})
	return topic
}

// mailBlock is a bridge that mails over the servers a second after a visitor has gone.
func mailBlock(mails *emailtest.Server) string {
	return fmt.Sprintf(`  bridge "email" {
    as_visitor    = true
    address       = "chat@example.com"
    secret        = %q
    smtp          = %q
    smtp_tls      = "none"
    smtp_user     = %q
    smtp_password = %q
    imap          = %q
    imap_tls      = "none"
    imap_user     = %q
    imap_password = %q
    after         = "1s"
    link          = "http://{{listen}}/"
  }
`, mailSecret, mails.SMTPAddr, mails.User, mails.Password, mails.IMAPAddr, mails.User, mails.Password)
}
