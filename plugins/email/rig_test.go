package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-message/mail"

	"github.com/pocketping/pocketping/plugins/email/emailtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

const (
	sessionID = "sess_0123456789abcdefghjkmnpqrs"
	secret    = "CANARY of sixteen or more"
)

// rig is a bridge between real mail servers and a host in memory, and one session.
type rig struct {
	*emailtest.Server
	t       *testing.T
	config  Config
	host    *plugintest.Host
	bridge  *bridge
	session *plugintest.Session
	said    []*plugin.Message
	ahead   time.Duration // of the clock
}

func newRig(t *testing.T, opts ...emailtest.Option) *rig {
	t.Helper()
	r := &rig{Server: emailtest.NewServer(opts...), t: t, host: plugintest.NewHost(t)}
	t.Cleanup(r.Close)
	r.config = Config{
		Address: "chat@example.com", Secret: secret, After: "2m", Poll: "1s", Link: "https://acme.example/",
		SMTP: r.SMTPAddr, SMTPUser: r.User, SMTPPassword: r.Password, SMTPTLS: tlsNone,
		IMAP: r.IMAPAddr, IMAPUser: r.User, IMAPPassword: r.Password, IMAPTLS: tlsNone,
	}
	r.host.ID = "acme.email"
	r.host.ProjectList = []plugin.Project{{ID: "proj_1", Slug: "acme", Name: "Acme", Operator: "Acme support"}}
	r.session = plugintest.NewSession(r.host, nil)
	r.session.Info.ID = sessionID
	r.session.Info.Metadata = map[string]string{"url": "https://acme.example/pricing?token=1#x"}
	r.host.AddSession(r.session.Info)
	r.start()
	return r
}

// start makes the bridge, anew.
func (r *rig) start() {
	r.t.Helper()
	b, err := newBridge(r.t.Context(), r.config, r.host)
	if err != nil {
		r.t.Fatal(err)
	}
	r.bridge = b.(*bridge)
	r.bridge.smtp.roots, r.bridge.imap.roots = r.Roots, r.Roots
	r.bridge.now = func() time.Time { return time.Now().Add(r.ahead) }
}

// message is the session's next, known to the host.
func (r *rig) message(sender, text string) *plugin.Event {
	m := r.session.Message(text)
	m.Sender, m.Author = sender, "Olga"
	m.CreatedAt = r.bridge.now()
	if sender == fromOperator {
		m.Via = "acme.telegram"
	}
	e := r.session.Event(plugin.MessagePosted, m)
	r.said = append(r.said, m)
	r.host.AddSession(&plugin.Session{ID: sessionID}, m) // its messages; the session itself is found first
	return e
}

// deliver brings events as the core does, with all that is known.
func (r *rig) deliver(events ...*plugin.Event) ([]plugin.Receipt, error) {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), 20*time.Second)
	defer cancel()
	links, err := r.host.Links(ctx, sessionID, 0)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range events {
		e.Links = links
	}
	return r.bridge.DeliverRun(ctx, events)
}

// settled delivers and wants all of it done.
func (r *rig) settled(events ...*plugin.Event) {
	r.t.Helper()
	if got, err := r.deliver(events...); err != nil || len(got) != len(events) {
		r.t.Fatalf("%d receipts of %d, %v", len(got), len(events), err)
	}
}

// waits delivers and wants the first n done, and a wait of the session.
func (r *rig) waits(n int, events ...*plugin.Event) time.Duration {
	r.t.Helper()
	got, err := r.deliver(events...)
	f := plugintest.WantFailure(r.t, err, plugin.FailureRetryAfter, "", secret, r.Password)
	if len(got) != n || f.Scope != plugin.ScopeThread {
		r.t.Fatalf("%d receipts, %+v", len(got), f)
	}
	return f.RetryAfter
}

func (r *rig) later(d time.Duration) { r.ahead += d }

// seen is a mail as a mail program shows it.
type seen struct {
	header mail.Header
	text   string
	files  map[string]string
}

func (r *rig) mails(n int) []seen {
	r.t.Helper()
	state := r.State()
	if len(state.Mails) != n {
		r.t.Fatalf("%d mails were sent, not %d", len(state.Mails), n)
	}
	var all []seen
	for _, m := range state.Mails {
		all = append(all, read(r.t, m.Raw))
	}
	return all
}

func read(t *testing.T, raw []byte) seen {
	t.Helper()
	reader, err := mail.CreateReader(bytes.NewReader(raw))
	if err != nil {
		t.Fatal(err)
	}
	s := seen{header: reader.Header, files: map[string]string{}}
	for {
		p, err := reader.NextPart()
		if err == io.EOF {
			return s
		} else if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(p.Body)
		if err != nil {
			t.Fatal(err)
		}
		if h, ok := p.Header.(*mail.AttachmentHeader); ok {
			name, _ := h.Filename()
			s.files[name] = string(data)
			continue
		}
		s.text += strings.ReplaceAll(string(data), "\r\n", "\n")
	}
}

// letterTo is a plain mail with these header lines.
func letterTo(to, header, body string) string {
	return fmt.Sprintf("From: Anna <anna@example.com>\nTo: %s\nSubject: Re: Your chat\n%s\n\n%s\n", to, strings.TrimSpace("Message-ID: <a1@example.com>\n"+header), body)
}

func (r *rig) reply() string { return r.bridge.replyTo(sessionID) }
