package main

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// running lets the bridge read its mailbox, and returns when it does.
func (r *rig) running() (stop func() error) {
	r.t.Helper()
	before := r.State().Logins
	stop = plugintest.Run(r.t, r.bridge)
	r.WaitFor(r.t, func(s emailtest.State) bool { return s.Logins > before })
	r.host.Wait(r.t, "the place to be known", func() bool { return len(r.host.State(placeKey)) > 0 })
	return stop
}

func (r *rig) received(n int) []plugin.Inbound {
	r.t.Helper()
	got := r.host.Received(r.t, n)
	if len(got) != n {
		r.t.Fatalf("%d inbounds, not %d", len(got), n)
	}
	return got
}

func TestAnAnswerBecomesTheVisitorsWords(t *testing.T) {
	for name, opts := range map[string][]emailtest.Option{"told": nil, "asked": {emailtest.WithoutIdle()}} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, opts...)
			r.Arrive(letterTo(r.reply(), "", "from before the bridge was set up"))
			stop := r.running()
			r.Arrive(letterTo("somebody@example.com", "Message-ID: <x@y>", "not for us"))
			r.Arrive(letterTo(strings.ToUpper(r.reply()), "", "Great, thanks!\n\nOn Mon, 1 Jan 2026 at 10:00, Acme wrote:\n> "+marker+"\n> Olga:"))
			in := r.received(1)[0]
			if in.Kind != plugin.InboundVisitor || in.Thread != sessionID || in.Text != "Great, thanks!" || in.EffectKey == "" {
				t.Errorf("%+v", in)
			}
			if err := stop(); err != nil {
				t.Fatal(err)
			}
			r.Arrive(letterTo("chat@example.com", "References: <"+r.bridge.messageID(sessionID, span{1, 2})+">\nX: y", "while nobody looked"))
			r.start()
			r.running()
			r.Arrive(strings.Replace(letterTo(r.reply(), "", "third"), "a1@", "a3@", 1))
			all := r.received(2) // the same id, the same effect
			if all[1].Text != "third" {
				t.Errorf("%+v", all)
			}
		})
	}
}

// What was not committed is read again, also by another process.
func TestAMailIsDoneWithWhenItIsCommitted(t *testing.T) {
	r := newRig(t)
	fail := true
	r.host.OnReceive = func(plugin.Inbound) error {
		if fail {
			return errors.New("the store is busy")
		}
		return nil
	}
	stop := r.running()
	place := string(r.host.State(placeKey))
	r.Arrive(letterTo(r.reply(), "", "hello"))
	r.WaitFor(t, func(s emailtest.State) bool { return s.Logins >= 2 })
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	if now := string(r.host.State(placeKey)); now != place {
		t.Errorf("the place moved to %s", now)
	}
	fail = false
	r.start()
	r.running()
	r.received(1)
}

func TestAMailboxThatWasMadeAnewIsReadBack(t *testing.T) {
	r := newRig(t)
	stop := r.running()
	r.Arrive(letterTo(r.reply(), "", "one"))
	r.received(1)
	if err := stop(); err != nil {
		t.Fatal(err)
	}
	r.Remake()
	r.Arrive(letterTo(r.reply(), "", "one"))
	r.Arrive(strings.Replace(letterTo(r.reply(), "", "two"), "a1@", "a2@", 1))
	r.start()
	r.running()
	if all := r.received(2); all[1].Text != "two" {
		t.Errorf("%+v", all)
	}
}

func TestAPasswordThatIsWrongNeedsSomebody(t *testing.T) {
	r := newRig(t)
	r.bridge.imap.password = "CANARY"
	plugintest.WantFailure(t, r.bridge.Run(t.Context()), plugin.FailureUnusable, "imap_password", "CANARY")
}

func TestWhatBecomesOfAMail(t *testing.T) {
	other := signer("another secret of sixteen").token(sessionID)
	for name, c := range map[string]struct {
		to, header, body string
		text             string // empty: nothing comes of it
	}{
		"text":                   {body: "hello", text: "hello"},
		"a command is text":      {body: "/close", text: "/close"},
		"another writer":         {header: "Sender: x@y", body: "FROM bob", text: "hi\n[written from bob@example.com]"},
		"by what it answers":     {to: "chat@example.com", header: "In-Reply-To: <ROOT>", body: "hello", text: "hello"},
		"a list in between":      {to: "friends@example.com", header: "Delivered-To: REPLY", body: "hello", text: "hello"},
		"of another secret":      {to: "chat+" + other + "@example.com", body: "hello"},
		"of another domain":      {to: "chat+" + signer(secret).token(sessionID) + "@example.org", body: "hello"},
		"of nobody":              {to: "chat@example.com", body: "hello"},
		"away":                   {header: "Auto-Submitted: auto-replied", body: "I am on holiday"},
		"not away":               {header: "Auto-Submitted: no", body: "hello", text: "hello"},
		"bulk":                   {header: "Precedence: bulk", body: "news"},
		"a list":                 {header: "List-Id: <x.example.com>", body: "news"},
		"nobody's":               {header: "Return-Path: <>", body: "failed"},
		"an old responder":       {header: "X-Autoreply: yes", body: "away"},
		"latin 1":                {header: "Content-Type: text/plain; charset=iso-8859-1\nContent-Transfer-Encoding: quoted-printable", body: "Gr=FC=DFe =\nan alle", text: "Grüße an alle"},
		"shift jis":              {header: "Content-Type: text/plain; charset=shift_jis\nContent-Transfer-Encoding: base64", body: "grGC8YLJgr+CzQ==", text: "こんにちは"},
		"a charset of nobody's":  {header: "Content-Type: text/plain; charset=x-klingon", body: "hello", text: "hello"},
		"a broken encoding":      {header: "Content-Transfer-Encoding: x-none", body: "hello", text: "hello"},
		"html":                   {header: "Content-Type: text/html; charset=utf-8", body: "<style>p{}</style><p>Hello  <b>you</b> &amp; all</p><div class=gmail_quote>old</div>", text: "Hello you & all"},
		"a signature":            {body: "hello\n\n-- \nAnna\nCEO", text: "hello"},
		"flowed":                 {header: "Content-Type: text/plain; format=flowed", body: "a long \nline\nanother", text: "a long line\nanother"},
		"between the quotes":     {body: "> Do you like it?\nyes\n> Both?\nthe first", text: "> Do you like it?\nyes\n> Both?\nthe first"},
		"below the quotes":       {body: "> " + marker + "\n> Olga:\n> Which one?\n\nthe first", text: "the first"},
		"nothing":                {body: ""},
		"nothing but the quoted": {body: "> " + marker + "\n> Olga:"},
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			to := c.to
			if to == "" {
				to = r.reply()
			}
			mail := letterTo(to, strings.NewReplacer("REPLY", r.reply(), "ROOT", r.bridge.rootID(sessionID)).Replace(c.header), c.body)
			if who, ok := strings.CutPrefix(c.body, "FROM "); ok {
				mail = strings.Replace(letterTo(to, c.header, "hi"), "Anna <anna@", who+" <"+who+"@", 1)
			}
			if err := r.bridge.take(t.Context(), []byte(strings.ReplaceAll(mail, "\n", "\r\n")), true); err != nil {
				t.Fatal(err)
			}
			got := ""
			for _, in := range r.host.Receives() {
				got += in.Text
			}
			if diff := cmp.Diff(c.text, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestFilesOfAMailAreKept(t *testing.T) {
	r := newRig(t)
	mail := letterTo(r.reply(), "MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b", strings.Join([]string{
		"--b", "Content-Type: multipart/alternative; boundary=c", "",
		"--c", "Content-Type: text/plain", "", "see these", "--c", "Content-Type: text/html", "", "<p>see these</p>", "--c--",
		"--b", "Content-Type: application/pdf; name=\"=?utf-8?q?gr=C3=B6=C3=9Fe=2Epdf?=\"", "Content-Disposition: attachment", "Content-Transfer-Encoding: base64", "", "JVBERi0xLjQ=",
		"--b", "Content-Type: image/png", "Content-ID: <x>", "Content-Transfer-Encoding: base64", "", "iVBORw0KGgo=", "--b--",
	}, "\n"))
	if err := r.bridge.take(t.Context(), []byte(mail), false); err != nil {
		t.Fatal(err)
	}
	in := r.received(1)[0]
	if in.Text != "see these\n[the mail was too long: its end is left out]" || len(in.Files) != 2 {
		t.Fatalf("%+v", in)
	}
	if a, data, _ := r.host.File(in.Files[0]); a.Name != "größe.pdf" || string(data) != "%PDF-1.4" {
		t.Errorf("%+v %q", a, data)
	}
	if a, _, _ := r.host.File(in.Files[1]); !strings.HasPrefix(a.Name, "file") {
		t.Errorf("%+v", a)
	}
}

func TestAMailThatCameBackIsToldToOperators(t *testing.T) {
	r := newRig(t)
	report := func(action string) string {
		return "From: MAILER-DAEMON@mx.example.com\nTo: chat@example.com\nMessage-ID: <" + action + "@mx>\nAuto-Submitted: auto-replied\n" +
			"Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: text/plain\n\nSorry.\n" +
			"--b\nContent-Type: message/delivery-status\n\nReporting-MTA: dns; mx\n\nAction: " + action + "\nStatus: 5.1.1\nDiagnostic-Code: smtp; 550 no such\n user\n\n" +
			"--b\nContent-Type: text/rfc822-headers\n\nMessage-ID: <" + r.bridge.messageID(sessionID, span{3, 4}) + ">\n--b--\n"
	}
	for _, action := range []string{"delayed", "failed", "failed"} {
		if err := r.bridge.take(t.Context(), []byte(report(action)), true); err != nil {
			t.Fatal(err)
		}
	}
	in := r.received(1)[0]
	if in.Kind != plugin.InboundMessage || in.Text != "/note A mail to the visitor came back: smtp; 550 no such user" || in.Thread != sessionID {
		t.Errorf("%+v", in)
	}
}

func TestWhoWritesAgainWantsAnswersAgain(t *testing.T) {
	r := newRig(t)
	for i, c := range []struct {
		mail  string
		mails int
	}{
		{letterTo(r.reply(), "", "STOP"), 0},
		{letterTo(r.reply(), "", "sorry, one more question"), 1},
		{strings.Replace(letterTo(r.reply(), "", ""), "Re: Your chat", "stop", 1), 1},
	} {
		if err := r.bridge.take(t.Context(), []byte(c.mail), true); err != nil {
			t.Fatal(err)
		}
		e := r.message(fromOperator, "an answer")
		r.later(time.Hour)
		r.settled(e)
		if got := len(r.State().Mails); got != c.mails {
			t.Fatalf("after mail %d: %d mails, not %d", i, got, c.mails)
		}
	}
}

func TestQuotedTextIsCutOff(t *testing.T) {
	for _, text := range []string{
		"ANSWER\n\nOn Mon, Jan 1, 2026 at 10:00 AM Acme <chat@example.com> wrote:\n\n> hello",
		"ANSWER\n\nOn Mon, Jan 1, 2026 at 10:00 AM Acme support\n<chat@example.com> wrote:\n> hello",
		"ANSWER\n\nAm 01.01.2026 um 10:00 schrieb Acme <chat@example.com>:\n> " + marker + "\n> hello",
		"ANSWER\n\nLe lun. 1 janv. 2026 à 10:00, Acme <chat@example.com> a écrit :\n\n> hello",
		"ANSWER\n-----Original Message-----\nFrom: Acme\nhello",
		"ANSWER\n-------- Ursprüngliche Nachricht --------\nhello",
		"ANSWER\n________________________________\nFrom: Acme <chat@example.com>\nhello",
		"ANSWER\n\nFrom: Acme <chat@example.com>\nSent: Monday\nTo: Anna\nSubject: Your chat\n\nhello",
		"ANSWER\n\n2026-01-01 10:00 GMT+01:00 Acme <chat@example.com>:\n\n" + marker + "\nhello",
		"ANSWER\n\nSent from my phone\n\n> hello",
		"ANSWER\n> hello\n>\n> more\n\n",
	} {
		if got := answer(text); got != "ANSWER" {
			t.Errorf("of %q is left %q", text, got)
		}
	}
	for _, text := range []string{
		"On Monday at 10:\nI come by", "From: here\nto there", "costs 5 > 3", "On the list:\n1. milk", "a -- b",
	} {
		if got := answer(text); got != text {
			t.Errorf("of %q is left %q", text, got)
		}
	}
}

func FuzzLetter(f *testing.F) {
	f.Add([]byte(letterTo("a@b", "", "hello")))
	f.Add([]byte("Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/html\n\n<p><blockquote>x"))
	f.Add([]byte("Content-Type: multipart/report; report-type=delivery-status; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\nAction: failed\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s := settings{key: signer(secret), domain: "example.com", local: "chat"}
		l := readLetter(raw)
		for _, a := range append(l.to, l.from) {
			if session := s.sessionOfAddress(a); session != "" && !strings.HasPrefix(session, sessionPrefix) {
				t.Errorf("%q", session)
			}
		}
		s.sessionOfIDs(l.answers + l.returned)
		l.words("anna@example.com", nil, true)
		l.wantsStop()
	})
}
