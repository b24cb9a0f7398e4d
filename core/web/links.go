package web

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/core"
)

// fileLife is how long a link to a file works, at least.
const fileLife = 24 * time.Hour

// FileURL is a link to the attachment that works for a day; empty: it is no longer
// kept. The same one is given for an hour, so that a browser keeps what it has loaded.
func (s *Server) FileURL(a *core.Attachment) string {
	if a.Expired {
		return ""
	}
	until := s.now().Truncate(time.Hour).Add(time.Hour + fileLife).Unix()
	q := url.Values{"p": {a.ProjectID}, "e": {strconv.FormatInt(until, 10)}, "s": {s.sign(a.ID, a.ProjectID, until)}}
	return s.o.URL + "/v1/files/" + a.ID + "?" + q.Encode()
}

func (s *Server) sign(attachmentID, projectID string, until int64) string {
	mac := hmac.New(sha256.New, s.o.SigningKey)
	fmt.Fprintf(mac, "file\n%s\n%s\n%d", attachmentID, projectID, until)
	return base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// checkLink says whether a link was made here and still works.
func (s *Server) checkLink(attachmentID, projectID, expiry, signature string) error {
	until, err := strconv.ParseInt(expiry, 10, 64)
	if err != nil || !core.SameSecret(signature, s.sign(attachmentID, projectID, until)) {
		return core.Errorf(core.CodeForbidden, "this link to a file is not one of ours")
	}
	if s.now().Unix() > until {
		return core.Errorf(core.CodeForbidden, "this link to a file has expired: load the conversation again for a fresh one")
	}
	return nil
}

// linked is a copy of the message whose attachments have links.
func (s *Server) linked(m *core.Message) *core.Message {
	if m == nil || len(m.Attachments) == 0 {
		return m
	}
	seen := *m
	seen.Attachments = make([]*core.Attachment, len(m.Attachments))
	for i, a := range m.Attachments {
		seen.Attachments[i] = s.linkedFile(a, m.ProjectID)
	}
	return &seen
}

func (s *Server) linkedFile(a *core.Attachment, projectID string) *core.Attachment {
	seen := *a
	if seen.ProjectID == "" {
		seen.ProjectID = projectID
	}
	seen.URL = s.FileURL(&seen)
	return &seen
}

// linkedAll is never nil, for clients expect a list.
func (s *Server) linkedAll(messages []*core.Message) []*core.Message {
	all := make([]*core.Message, len(messages))
	for i, m := range messages {
		all[i] = s.linked(m)
	}
	return all
}

// linkedSession is a copy of the session whose files have links.
func (s *Server) linkedSession(session *core.Session) *core.Session {
	if session == nil {
		return nil
	}
	seen := *session
	seen.Messages = s.linkedAll(session.Messages)
	if seen.Metadata == nil {
		seen.Metadata = map[string]string{}
	}
	return &seen
}

// linkedEvent is a copy of the event whose message's files have links.
func (s *Server) linkedEvent(e *core.Event) *core.Event {
	if e.Message == nil || len(e.Message.Attachments) == 0 {
		return e
	}
	seen := *e
	seen.Message = s.linked(e.Message)
	return &seen
}

// asVisitor is a message as its visitor sees it.
func asVisitor(m *core.Message) *core.Message {
	if m == nil {
		return nil
	}
	e, ok := core.VisitorView(&core.Event{Type: core.MessagePosted, Message: m})
	if !ok {
		return nil
	}
	return e.Message
}
