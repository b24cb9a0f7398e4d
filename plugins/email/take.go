package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/emersion/go-message/mail"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// take does with a mail what is to be done: it becomes the visitor's words, stops the
// mails, or tells operators that one came back. What is not for a session, or was
// written by a machine, is left alone. An error says to try again.
func (b *bridge) take(ctx context.Context, raw []byte, whole bool) error {
	l := readLetter(raw)
	session := b.sessionOf(l)
	switch {
	case session == "":
		return nil
	case l.bounce:
		return b.cameBack(ctx, session, l)
	case l.automatic || strings.EqualFold(l.from, b.address):
		b.host.Log().Debug("a mail that a machine wrote is not taken", "session", session)
		return nil
	case l.wantsStop():
		return b.host.SaveState(ctx, b.key.stopKey(b.writer(ctx, session, l)), []byte(stops))
	}
	return b.say(ctx, session, l, whole)
}

// sessionOf is the session that the mail is for: by the address that it was sent to,
// or else by what it answers.
func (b *bridge) sessionOf(l *letter) string {
	for _, a := range l.to {
		if session := b.sessionOfAddress(a); session != "" {
			return session
		}
	}
	if session := b.sessionOfIDs(l.answers); session != "" || !l.bounce {
		return session
	}
	return b.sessionOfIDs(l.returned)
}

// What the state says of an address that has asked for no more mails.
const (
	stops  = "stop"
	goesOn = "go on"
)

func (b *bridge) stopped(address string) bool {
	return string(b.host.State(b.key.stopKey(address))) == stops
}

// writer is whose mails stop: the visitor's, from whichever address they say so.
func (b *bridge) writer(ctx context.Context, session string, l *letter) string {
	if s, err := b.host.Session(ctx, session); err == nil && s.Visitor.Email != "" {
		return s.Visitor.Email
	}
	return l.from
}

// say posts the mail as the visitor. Its effect is known by its message id, so that it
// is posted once, however often it is read.
func (b *bridge) say(ctx context.Context, session string, l *letter, whole bool) error {
	s, err := b.host.Session(ctx, session)
	if plugin.KindOf(err) == plugin.FailurePermanent {
		b.host.Log().Info("a mail answers a session that is no more", "session", session)
		return nil
	}
	if err != nil {
		return err
	}
	if v := s.Visitor.Email; strings.EqualFold(v, l.from) && b.stopped(v) {
		if err := b.host.SaveState(ctx, b.key.stopKey(v), []byte(goesOn)); err != nil { // who writes again wants answers again
			return err
		}
	}
	files, left, err := b.saveFiles(ctx, l)
	if err != nil {
		return err
	}
	text := l.words(s.Visitor.Email, left, whole)
	if text == "" && len(files) == 0 {
		return nil
	}
	_, err = b.host.Receive(ctx, plugin.Inbound{
		EffectKey: "mail:" + l.key(session), Kind: plugin.InboundVisitor, Thread: session, Text: text, Files: files,
	})
	if plugin.IsRefused(err) {
		b.host.Log().Error("an answer by mail was not taken", "session", session, "error", err)
		return nil
	}
	return err
}

// key tells mails apart. Without a message id it is the mail itself.
func (l *letter) key(session string) string {
	sum := sha256.New()
	sum.Write([]byte(session + "\x00" + l.id)) // never fails
	if l.id == "" {
		sum.Write(l.raw)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

const (
	maxFilesIn = 10     // of a message
	maxWords   = 30_000 // characters of a mail that are posted
)

// words is what the mail says, with what its reader should know.
func (l *letter) words(visitor string, left []string, whole bool) string {
	text := strings.TrimSpace(l.text)
	if r := []rune(text); len(r) > maxWords {
		text, whole = string(r[:maxWords]), false
	}
	if !whole {
		left = append(left, "the mail was too long: its end is left out")
	}
	if !strings.EqualFold(l.from, visitor) && l.from != "" {
		left = append(left, "written from "+l.from)
	}
	for _, words := range left {
		text += "\n[" + words + "]"
	}
	return strings.TrimSpace(text)
}

// saveFiles stores the mail's files, and names those that cannot be.
func (b *bridge) saveFiles(ctx context.Context, l *letter) (ids, left []string, err error) {
	for i, f := range l.files {
		if i >= maxFilesIn {
			left = append(left, fmt.Sprintf("%d more files are left out: a message takes %d", len(l.files)-i, maxFilesIn))
			break
		}
		a, err := b.host.SaveFile(ctx, f.name, bytes.NewReader(f.data))
		switch {
		case plugin.KindOf(err) == plugin.FailurePermanent:
			b.host.Log().Info("a file of a mail was refused", "error", err)
			left = append(left, "the file "+f.name+" is left out: files of this kind or size are not taken")
		case err != nil:
			return nil, nil, err
		default:
			ids = append(ids, a.ID)
		}
	}
	return ids, left, nil
}

// cameBack tells operators that the visitor was not reached.
func (b *bridge) cameBack(ctx context.Context, session string, l *letter) error {
	if l.delayed {
		return nil
	}
	_, err := b.host.Receive(ctx, plugin.Inbound{
		EffectKey: "bounce:" + l.key(session), Kind: plugin.InboundMessage, Thread: session,
		Text:     "/note A mail to the visitor came back: " + l.why,
		Operator: plugin.Operator{ID: "email", Name: "E-mail"},
	})
	if plugin.IsRefused(err) {
		b.host.Log().Warn("a mail came back and the operators are not told", "session", session, "error", err)
		return nil
	}
	return err
}

// addresses are all that stand in the header's fields, in lower case.
func addresses(h *mail.Header, fields ...string) []string {
	var all []string
	for _, field := range fields {
		for values := h.FieldsByKey(field); values.Next(); {
			value, err := values.Text()
			if err != nil {
				value = values.Value()
			}
			list, err := mail.ParseAddressList(value)
			if err != nil {
				list = nil
				for _, word := range strings.FieldsFunc(value, func(r rune) bool { return strings.ContainsRune(" ,;<>\"", r) }) {
					list = append(list, &mail.Address{Address: word})
				}
			}
			for _, a := range list {
				all = append(all, strings.ToLower(a.Address))
			}
		}
	}
	return all
}
