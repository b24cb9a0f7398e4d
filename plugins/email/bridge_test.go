package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestAnswersThatNobodyReadsAreJoinedIntoOneMail(t *testing.T) {
	r := newRig(t)
	hello := r.message(fromVisitor, "Do you ship?")
	r.settled(hello)
	yes := r.message(fromOperator, "Yes, we do")
	if wait := r.waits(0, yes); wait < time.Minute || wait > 2*time.Minute {
		t.Errorf("it waits %v", wait)
	}
	r.later(90 * time.Second)
	more := r.message(fromOperator, "within three days, to Tromsø")
	if wait := r.waits(0, yes, more); wait < time.Minute {
		t.Errorf("the quiet time begins anew with each answer; it waits %v", wait)
	}
	r.later(2 * time.Minute)
	r.settled(yes, more)
	m := r.mails(1)[0]
	if a := strings.Index(m.text, "Olga:\nYes, we do\n\nwithin three days, to Tromsø\n"); a < 0 || !strings.HasPrefix(m.text, marker) {
		t.Errorf("the mail says %q", m.text)
	}
	if strings.Contains(m.text, "Do you ship") {
		t.Error("the mail holds what the visitor wrote")
	}
	if !strings.Contains(m.text, "https://acme.example/pricing\n") {
		t.Errorf("the mail leads elsewhere: %q", m.text)
	}
	for field, want := range map[string]string{
		"Auto-Submitted": "auto-generated", "List-Unsubscribe": "<mailto:" + r.reply() + "?subject=STOP>",
		"References": "<" + r.bridge.rootID(sessionID) + ">", "Subject": "Your chat with Acme support",
	} {
		if got := m.header.Get(field); got != want {
			t.Errorf("%s is %q", field, got)
		}
	}
	if to := addresses(&m.header, "Reply-To"); len(to) != 1 || r.bridge.sessionOfAddress(to[0]) != sessionID {
		t.Errorf("answers go to %v", to)
	}
	if id, _ := m.header.MessageID(); r.bridge.sessionOfIDs("<"+id+">") != sessionID {
		t.Errorf("its id is %q", id)
	}
	r.settled(yes, more) // the receipts were lost
	r.mails(1)
}

func TestWhoWritesOnAndOnIsMailedAllTheSame(t *testing.T) {
	r := newRig(t)
	var all []*plugin.Event
	for range 7 {
		all = append(all, r.message(fromOperator, "still looking"))
		r.later(110 * time.Second)
	}
	r.settled(all...)
	r.mails(1)
}

func TestWhatWasSeenOrCannotBeSentIsNotMailed(t *testing.T) {
	for name, c := range map[string]func(r *rig, e *plugin.Event) []*plugin.Event{
		"read on the page": func(r *rig, e *plugin.Event) []*plugin.Event {
			r.session.Info.Read = e.Seq
			return []*plugin.Event{e}
		},
		"answered on the page": func(r *rig, e *plugin.Event) []*plugin.Event {
			return []*plugin.Event{e, r.message(fromVisitor, "thanks")}
		},
		"no address": func(r *rig, e *plugin.Event) []*plugin.Event {
			r.session.Info.Visitor.Email = ""
			return []*plugin.Event{e}
		},
		"no address at all": func(r *rig, e *plugin.Event) []*plugin.Event {
			r.session.Info.Visitor.Email = "anna@example.com>\r\nRCPT TO:<bob@example.com"
			return []*plugin.Event{e}
		},
		"not verified": func(r *rig, e *plugin.Event) []*plugin.Event {
			r.bridge.verifiedOnly = true
			return []*plugin.Event{e}
		},
		"our own address": func(r *rig, e *plugin.Event) []*plugin.Event {
			r.session.Info.Visitor.Email = r.reply()
			return []*plugin.Event{e}
		},
		"deleted": func(_ *rig, e *plugin.Event) []*plugin.Event {
			e.Message.Deleted = true
			return []*plugin.Event{e}
		},
		"wants no more": func(r *rig, e *plugin.Event) []*plugin.Event {
			if err := r.bridge.take(t.Context(), []byte(letterTo(r.reply(), "", "Stop.\n\n> "+marker)), true); err != nil {
				t.Fatal(err)
			}
			return []*plugin.Event{e}
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			events := c(r, r.message(fromOperator, "hello"))
			r.later(time.Hour)
			r.settled(events...)
			r.mails(0)
		})
	}
}

// An operator who answers a mail moves the one read mark over an answer that the
// visitor has not seen.
func TestWhoAnswersByMailHasNotSeenThePage(t *testing.T) {
	r := newRig(t)
	late := r.message(fromOperator, "and it is free")
	byMail := r.message(fromVisitor, "thanks (by mail)")
	byMail.Message.Via = "acme.email"
	r.session.Info.Read = byMail.Seq
	r.later(time.Hour)
	r.settled(late, byMail)
	if m := r.mails(1)[0]; !strings.Contains(m.text, "and it is free") {
		t.Errorf("the mail says %q", m.text)
	}
}

// The plugin ends at any point of a mail; what comes again is the same mail, or none.
func TestAMailThatWasBegunIsSentAsItWas(t *testing.T) {
	r := newRig(t)
	first, second := r.message(fromOperator, "one"), r.message(fromOperator, "two")
	r.later(time.Hour)
	r.OnTaken(func(emailtest.Mail) error { return errors.New("the connection breaks before the answer") })
	if _, err := r.deliver(first, second); err == nil {
		t.Fatal("a mail without an answer is taken for sent")
	}
	r.OnTaken(nil)
	third := r.message(fromOperator, "three")
	r.start()
	if wait := r.waits(2, first, second, third); wait > 2*time.Second {
		t.Errorf("what is left waits %v", wait)
	}
	mails := r.mails(2)
	if mails[0].header.Get("Message-ID") != mails[1].header.Get("Message-ID") || mails[0].text != mails[1].text {
		t.Errorf("the second is another: %q, %q", mails[0].text, mails[1].text)
	}
	r.later(2 * time.Minute)
	r.settled(first, second, third)
	if m := r.mails(3)[2]; !strings.Contains(m.text, "three") || strings.Contains(m.text, "two") {
		t.Errorf("the third says %q", m.text)
	}
}

func TestWhatTheServerSaysOfAMail(t *testing.T) {
	for name, c := range map[string]struct {
		change func(r *rig)
		kind   plugin.FailureKind
		words  string
	}{
		"refuses for good": {func(r *rig) {
			r.OnData(func(emailtest.Mail) error { return &smtp.SMTPError{Code: 550, Message: "no such mailbox"} })
		}, plugin.FailurePermanent, "no such mailbox"},
		"asks to come back": {func(r *rig) {
			r.OnData(func(emailtest.Mail) error { return &smtp.SMTPError{Code: 451, Message: "greylisted"} })
		}, 0, "greylisted"},
		"does not let us in": {func(r *rig) { r.bridge.smtp.password = "CANARY" }, plugin.FailureUnusable, "smtp_password"},
		"is down":            {func(r *rig) { r.Close() }, 0, "not reached"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			e := r.message(fromOperator, "hello")
			r.later(time.Hour)
			c.change(r)
			_, err := r.deliver(e)
			if err == nil || plugin.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.words) || strings.Contains(err.Error(), "CANARY") {
				t.Errorf("kind %d: %v", plugin.KindOf(err), err)
			}
			if name == "is down" {
				return
			}
			r.OnData(nil)
			r.start()
			r.settled(e)
			r.mails(1)
		})
	}
}

func TestFilesGoAlong(t *testing.T) {
	r := newRig(t)
	e := r.message(fromOperator, "")
	e.Message.Attachments = []plugin.Attachment{r.host.AddFile("größe.pdf", "application/pdf", []byte("%PDF-1.4")), {ID: "att_big", Name: "film.mp4", Size: maxFiles + 1}}
	r.later(time.Hour)
	r.settled(e)
	m := r.mails(1)[0]
	if m.files["größe.pdf"] != "%PDF-1.4" || !strings.Contains(m.text, "[attached: größe.pdf]\n[the file film.mp4 waits in the chat]") {
		t.Errorf("%v, %q", m.files, m.text)
	}
}

func TestMailsLeadToTheSiteOnly(t *testing.T) {
	r := newRig(t)
	for was, want := range map[string]string{
		"https://acme.example/a%2Fb?x=1#y": "https://acme.example/a%2Fb", "https://evil.example/": "https://acme.example/",
		"http://acme.example/": "https://acme.example/", "https://me@acme.example/": "https://acme.example/", "javascript:alert(1)": "https://acme.example/", "": "https://acme.example/",
	} {
		if got := r.bridge.page(&plugin.Session{Metadata: map[string]string{"url": was}}); got != want {
			t.Errorf("%q leads to %q", was, got)
		}
	}
}

func TestConnectionsAreSafe(t *testing.T) {
	for mode, o := range map[string]emailtest.Option{tlsDirect: emailtest.WithTLS(), tlsStart: emailtest.WithSTARTTLS()} {
		t.Run(mode, func(t *testing.T) {
			r := newRig(t, o)
			r.bridge.smtp.tls, r.bridge.imap.tls = mode, mode
			for _, f := range r.bridge.Check(t.Context()) {
				if !f.OK {
					t.Errorf("%+v", f)
				}
			}
			e := r.message(fromOperator, "hello")
			r.later(time.Hour)
			r.settled(e)
			r.mails(1)
			r.bridge.smtp.roots, r.bridge.imap.roots = nil, nil
			for _, f := range r.bridge.Check(t.Context()) {
				if f.OK || !strings.Contains(f.Text, "certificate") {
					t.Errorf("a certificate of nobody's: %+v", f)
				}
			}
		})
	}
}

func TestCheckSaysWhatIsWrong(t *testing.T) {
	r := newRig(t)
	r.bridge.smtp.password, r.bridge.imap.password = "CANARY", "CANARY"
	for i, words := range []string{"smtp_password", "imap_password"} {
		if f := r.bridge.Check(t.Context())[i]; f.OK || !strings.Contains(f.Text, words) || strings.Contains(f.Text, "CANARY") {
			t.Errorf("%+v", f)
		}
	}
	r.start()
	r.bridge.mailbox = "Nowhere"
	if f := r.bridge.Check(t.Context())[1]; f.OK || !strings.Contains(f.Text, `no folder "Nowhere"`) {
		t.Errorf("%+v", f)
	}
}

func TestConfigNamesTheFieldThatIsWrong(t *testing.T) {
	r := newRig(t)
	for name, c := range map[string]struct {
		field  string
		change func(*Config)
	}{
		"no address":   {"address", func(c *Config) { c.Address = "CANARY" }},
		"a plus":       {"address", func(c *Config) { c.Address = "chat+x@example.com" }},
		"too long":     {"address", func(c *Config) { c.Address = "customer-service@example.com" }},
		"short secret": {"secret", func(c *Config) { c.Secret = "CANARY" }},
		"no port":      {"smtp", func(c *Config) { c.SMTP = "mail.example.com" }},
		"no safety":    {"imap_tls", func(c *Config) { c.IMAP = "mail.example.com:143" }},
		"odd safety":   {"smtp_tls", func(c *Config) { c.SMTPTLS = "ssl" }},
		"no password":  {"smtp_password", func(c *Config) { c.SMTPPassword = "" }},
		"no time":      {"after", func(c *Config) { c.After = "soon" }},
		"no link":      {"link", func(c *Config) { c.Link = "acme.example" }},
	} {
		config := r.config
		c.change(&config)
		_, err := newBridge(t.Context(), config, nil)
		var f *plugin.Failure
		if !errors.As(err, &f) || f.Kind != plugin.FailureField || f.Field != c.field || strings.Contains(err.Error(), "CANARY") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
