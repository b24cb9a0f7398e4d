package main

import (
	"bytes"
	"errors"
	"io"
	"mime"
	"net/textproto"
	"strings"

	"github.com/emersion/go-message"
	_ "github.com/emersion/go-message/charset" // mails are written in all of them
	"github.com/emersion/go-message/mail"
)

// letter is a mail as it matters here.
type letter struct {
	raw       []byte
	id        string
	from      string
	to        []string // wherever it was sent, also by way of others
	answers   string   // In-Reply-To and References
	subject   string
	text      string // what its writer wrote
	files     []part
	automatic bool // a machine wrote it
	bounce    bool // it says what became of another mail
	delayed   bool // which is still under way
	why       string
	returned  string // the mail that it is about, or its header
}

type part struct {
	name string
	data []byte
}

// maxParts of a mail are looked at, and so many bytes of its text.
const (
	maxParts    = 100
	maxTextPart = 1 << 20
)

// readLetter reads as much as can be read: it never fails.
func readLetter(raw []byte) *letter {
	l := &letter{raw: raw}
	e, err := message.Read(bytes.NewReader(raw))
	if e == nil || err != nil && !readable(err) {
		return l
	}
	h := mail.Header{Header: e.Header}
	l.id, _ = h.MessageID()
	l.subject, _ = h.Subject()
	if from := addresses(&h, "From"); len(from) > 0 {
		l.from = from[0]
	}
	l.to = addresses(&h, "To", "Cc", "Delivered-To", "X-Original-To", "Envelope-To", "X-Delivered-To")
	l.answers = h.Get("In-Reply-To") + " " + h.Get("References")
	l.automatic = isAutomatic(&h)
	kind, params, _ := h.ContentType()
	l.bounce = strings.EqualFold(kind, "multipart/report") && strings.EqualFold(params["report-type"], "delivery-status")
	var p parts
	p.walk(e, 0)
	l.files = p.files
	l.readReport(&p)
	l.readText(&p)
	return l
}

func readable(err error) bool {
	return message.IsUnknownCharset(err) || message.IsUnknownEncoding(err)
}

// readText prefers what was written as text. Where nothing is left without what is
// quoted, answers stand among the quotes.
func (l *letter) readText(p *parts) {
	said := p.plain.String()
	if strings.TrimSpace(said) == "" {
		said = textOf(p.html.String())
	}
	said = strings.ToValidUTF8(strings.ReplaceAll(said, "\r\n", "\n"), "�")
	if l.text = answer(said); l.text == "" {
		l.text = unquoted(said)
	}
}

// wantsStop reports whether the mail says nothing but that.
func (l *letter) wantsStop() bool {
	said := strings.Trim(strings.TrimSpace(l.text), ".!\"' ")
	return strings.EqualFold(said, stopWord) || said == "" && len(l.files) == 0 && strings.EqualFold(strings.TrimSpace(l.subject), stopWord)
}

// isAutomatic reports whether a machine wrote the mail: an answer to it may be answered
// by a machine for ever.
func isAutomatic(h *mail.Header) bool {
	if auto := strings.ToLower(strings.TrimSpace(h.Get("Auto-Submitted"))); auto != "" && !strings.HasPrefix(auto, "no") {
		return true
	}
	switch strings.ToLower(strings.TrimSpace(h.Get("Precedence"))) {
	case "bulk", "junk", "list", "auto_reply":
		return true
	}
	for _, field := range []string{"X-Autoreply", "X-Autorespond", "X-Auto-Reply-From", "List-Id"} {
		if h.Has(field) {
			return true
		}
	}
	if strings.TrimSpace(h.Get("Return-Path")) == "<>" {
		return true
	}
	kind, _, _ := h.ContentType()
	for _, from := range addresses(h, "From") {
		name, _, _ := strings.Cut(from, "@")
		if name == "mailer-daemon" || name == "postmaster" {
			return true
		}
	}
	return strings.EqualFold(kind, "multipart/report")
}

// parts are what a mail holds, sorted.
type parts struct {
	plain, html strings.Builder
	status      string // of a report
	returned    string // the mail that a report is about
	files       []part
	seen        int
}

const maxDepth = 20

func (p *parts) walk(e *message.Entity, depth int) {
	if p.seen++; p.seen > maxParts || depth > maxDepth {
		return
	}
	if reader := e.MultipartReader(); reader != nil {
		for p.seen <= maxParts {
			inner, err := reader.NextPart()
			if inner == nil || err != nil && !readable(err) {
				return
			}
			p.walk(inner, depth+1)
		}
		return
	}
	data, err := io.ReadAll(io.LimitReader(e.Body, maxMail))
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && len(data) == 0 {
		return
	}
	p.leaf(e, data)
}

func (p *parts) leaf(e *message.Entity, data []byte) {
	kind, params, err := e.Header.ContentType()
	if err != nil {
		kind = "text/plain"
	}
	kind = strings.ToLower(kind)
	disposition, how, _ := e.Header.ContentDisposition()
	name := fileName(how["filename"], params["name"])
	text := string(data[:min(len(data), maxTextPart)])
	switch {
	case kind == "message/delivery-status":
		p.status = text
	case kind == "message/rfc822", kind == "text/rfc822-headers":
		p.returned += text
	case strings.EqualFold(disposition, "attachment"), name != "":
		p.file(name, kind, data)
	case kind == "text/plain":
		if strings.EqualFold(params["format"], "flowed") {
			text = unflow(text, strings.EqualFold(params["delsp"], "yes"))
		}
		p.plain.WriteString(text + "\n")
	case kind == "text/html":
		p.html.WriteString(text)
	case !strings.HasPrefix(kind, "text/"):
		p.file(name, kind, data)
	}
}

func (p *parts) file(name, kind string, data []byte) {
	if len(data) == 0 {
		return
	}
	if name == "" {
		name = "file"
		if ends, err := mime.ExtensionsByType(kind); err == nil && len(ends) > 0 {
			name += ends[0]
		}
	}
	p.files = append(p.files, part{name, data})
}

// fileName is the first name that says something.
func fileName(names ...string) string {
	var words mime.WordDecoder
	for _, name := range names {
		if decoded, err := words.DecodeHeader(name); err == nil {
			name = decoded
		}
		if name = oneLine(name); name != "" {
			return name
		}
	}
	return ""
}

// readReport takes from a report what operators are told.
func (l *letter) readReport(p *parts) {
	if !l.bounce {
		return
	}
	l.returned = p.returned
	l.delayed = true
	for block := range strings.SplitSeq(strings.ReplaceAll(p.status, "\r\n", "\n"), "\n\n") {
		h, _ := textproto.NewReader(newLines(block)).ReadMIMEHeader() // as far as it can be read
		if strings.EqualFold(strings.TrimSpace(h.Get("Action")), "failed") {
			l.delayed = false
			l.why = oneLine(h.Get("Diagnostic-Code"))
			if l.why == "" {
				l.why = "status " + oneLine(h.Get("Status"))
			}
		}
	}
}
