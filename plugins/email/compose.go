package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/url"
	"strings"

	"github.com/emersion/go-message/mail"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// maxFiles of one mail, in bytes: larger ones wait on the page.
const maxFiles = 8 << 20

// marker is above everything that an answer may quote.
const marker = "-- Write your answer above this line --"

// stopWord is the whole text of a mail that wants no more.
const stopWord = "STOP"

// compose writes the mail. It never holds the visitor's own words: the address may be
// a stranger's who was named by somebody else.
func (b *bridge) compose(ctx context.Context, of span, events []*plugin.Event) ([]byte, error) {
	s := events[0].Session
	from := b.team(s.ProjectID)
	var out bytes.Buffer
	w, err := mail.CreateWriter(&out, b.header(s, from, of))
	if err != nil {
		return nil, err
	}
	var h mail.InlineHeader
	h.SetContentType("text/plain", map[string]string{"charset": "utf-8"})
	h.Set("Content-Transfer-Encoding", "quoted-printable")
	text, err := w.CreateSingleInline(h)
	if err != nil {
		return nil, err
	}
	files, words := b.files(ctx, events)
	body := b.text(s, from, events, words)
	if _, err := io.WriteString(text, strings.ReplaceAll(body, "\n", "\r\n")); err != nil {
		return nil, err
	}
	if err := text.Close(); err != nil {
		return nil, err
	}
	for _, f := range files {
		if err := attach(w, f); err != nil {
			return nil, err
		}
	}
	err = w.Close()
	return out.Bytes(), err
}

func (b *bridge) header(s *plugin.Session, from string, of span) mail.Header {
	reply := b.replyTo(s.ID)
	var h mail.Header
	h.SetDate(b.now().UTC())
	h.SetAddressList("From", []*mail.Address{{Name: from, Address: b.address}})
	h.SetAddressList("To", []*mail.Address{{Address: s.Visitor.Email}})
	h.SetAddressList("Reply-To", []*mail.Address{{Name: from, Address: reply}})
	h.SetSubject("Your chat with " + from)
	h.SetMessageID(b.messageID(s.ID, of))
	h.SetMsgIDList("In-Reply-To", []string{b.rootID(s.ID)})
	h.SetMsgIDList("References", []string{b.rootID(s.ID)})
	h.Set("Auto-Submitted", "auto-generated")
	h.Set("X-Auto-Response-Suppress", "All")
	h.Set("List-Unsubscribe", "<mailto:"+reply+"?subject="+stopWord+">")
	return h
}

// text is what the mail says.
func (b *bridge) text(s *plugin.Session, from string, events []*plugin.Event, files map[string]string) string {
	var t strings.Builder
	t.WriteString(marker + "\n")
	speaker := ""
	for _, e := range events {
		m := e.Message
		t.WriteString("\n")
		if name := cmp.Or(oneLine(m.Author), from); name != speaker {
			t.WriteString(name + ":\n")
			speaker = name
		}
		if m.Text != "" {
			t.WriteString(m.Text + "\n")
		}
		for _, a := range m.Attachments {
			t.WriteString(files[a.ID] + "\n")
		}
	}
	t.WriteString("\n-- \n")
	if page := b.page(s); page != "" {
		t.WriteString("Go on in the chat, in the browser that you used before: " + page + "\n")
	}
	t.WriteString("Answer this mail, and what you write stands in the chat.\n")
	t.WriteString("To get no more such mails, answer with the one word " + stopWord + ".\n")
	return t.String()
}

// page is where the session goes on: the visitor's page when it is of the site, for a
// page is what the browser says, and nobody is sent where a stranger wants.
func (b *bridge) page(s *plugin.Session) string {
	if b.link == nil {
		return ""
	}
	was, err := url.Parse(s.Metadata["url"])
	if err != nil || was.Host != b.link.Host || was.Scheme != b.link.Scheme || was.User != nil {
		return b.link.String()
	}
	return (&url.URL{Scheme: was.Scheme, Host: was.Host, Path: was.Path, RawPath: was.RawPath}).String()
}

// team is who the mail is from.
func (b *bridge) team(projectID string) string {
	for _, p := range b.host.Projects() {
		if p.ID == projectID {
			return cmp.Or(oneLine(p.Operator), oneLine(p.Name), p.Slug)
		}
	}
	return "our team"
}

type file struct {
	plugin.Attachment
	data []byte
}

// files are those that go with the mail, and a line for each: what cannot go is found
// on the page.
func (b *bridge) files(ctx context.Context, events []*plugin.Event) (files []file, words map[string]string) {
	words = map[string]string{}
	room := int64(maxFiles)
	for _, e := range events {
		for _, a := range e.Message.Attachments {
			name := oneLine(a.Name)
			words[a.ID] = "[the file " + name + " waits in the chat]"
			if a.Size > room {
				continue
			}
			data, err := b.readFile(ctx, a)
			if err != nil {
				b.host.Log().Warn("a file does not go with its mail", "session", e.Session.ID, "file", a.ID, "error", err)
				continue
			}
			room -= int64(len(data))
			words[a.ID] = "[attached: " + name + "]"
			files = append(files, file{a, data})
		}
	}
	return files, words
}

func (b *bridge) readFile(ctx context.Context, a plugin.Attachment) ([]byte, error) {
	r, err := b.host.OpenFile(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	data, err := io.ReadAll(io.LimitReader(r, a.Size+1))
	if err == nil && int64(len(data)) != a.Size {
		err = fmt.Errorf("it has %d bytes or more, not %d", len(data), a.Size)
	}
	return data, err
}

func attach(w *mail.Writer, f file) error {
	var h mail.AttachmentHeader
	kind, params, err := mime.ParseMediaType(f.Type)
	if err != nil || strings.HasPrefix(kind, "multipart/") || strings.HasPrefix(kind, "message/") {
		kind, params = "application/octet-stream", nil
	}
	h.SetContentType(kind, params)
	h.SetFilename(oneLine(f.Name))
	h.Set("Content-Transfer-Encoding", "base64")
	part, err := w.CreateAttachment(h)
	if err != nil {
		return err
	}
	_, err = part.Write(f.data)
	return errors.Join(err, part.Close())
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
