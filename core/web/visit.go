package web

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// caller is where a visitor's request or socket comes from.
type caller struct {
	origin  string
	address string // what limits count by
	agent   string
}

// visit is a visitor who has been let in.
type visit struct {
	project *core.Project
	id      string // of the visitor when they came in
	actor   core.Actor
	signed  bool   // the project's back end has said who they are
	left    string // set: the visitor whom a signed identity has joined to another
	fault   error  // what was wrong with the hello's identity
}

// greet lets a visitor in who says hello. With listen, the visitor's signals are
// listened to before what the welcome shows is read, so that nothing falls between.
func (s *Server) greet(ctx context.Context, p *core.Project, f *frame, from caller, listen func(visitorID string)) (*visit, *core.Welcome, error) {
	if !s.allowed(p, from.origin) {
		return nil, nil, errOrigin
	}
	// A bad identity lets nobody in as somebody else, and keeps nobody out either:
	// pages outlive the tokens in them.
	id, fault := s.identity(p, f.Identity)
	h := core.Hello{Project: p, Token: f.Token, SessionID: f.Session, After: f.After, Identity: id}
	before := ""
	if h.Token == "" {
		if id == nil { // the project's back end vouches for the others
			if err := s.mayBegin(p, f.Proof, from); err != nil {
				return nil, nil, err
			}
		}
	} else {
		known, err := s.chat.Authenticate(ctx, p.ID, h.Token)
		if err != nil {
			return nil, nil, err
		}
		before = known.ID
		listen(before)
	}
	w, err := s.chat.Hello(ctx, h)
	if err != nil {
		return nil, nil, err
	}
	if w.Visitor.ID != before {
		listen(w.Visitor.ID)
		if w, err = s.lookAgain(ctx, h, w); err != nil {
			return nil, nil, err
		}
	}
	v := &visit{project: p, id: w.Visitor.ID, signed: w.Visitor.Verified, fault: fault, actor: core.Actor{
		Sender: core.SenderVisitor, ProjectID: p.ID, VisitorID: w.Visitor.ID, Via: core.ViaWidget, Metadata: metadata(f, from.agent), Browser: s.browser(p, f.Fingerprint),
	}}
	if before != w.Visitor.ID {
		v.left = before
	}
	return v, w, nil
}

// lookAgain reads anew what the welcome shows when it turned out only then whose
// signals to listen to. Of a visitor made just now nobody else knows.
func (s *Server) lookAgain(ctx context.Context, h core.Hello, w *core.Welcome) (*core.Welcome, error) {
	if h.Identity == nil {
		return w, nil
	}
	h.Token, h.Identity = cmp.Or(h.Token, w.Token), nil
	again, err := s.chat.Hello(ctx, h)
	if err == nil {
		again.Token = w.Token
	}
	return again, err
}

// welcome greets the page. One that begins anew may have missed its settings, and so
// gets the words too, in the language of its browser.
func (s *Server) welcome(p *core.Project, w *core.Welcome, language string) welcomeFrame {
	chosen := settingsOf(p)
	if !w.Resumed {
		chosen = settingsOf(p, "", language)
	}
	return welcomeFrame{
		Type: typeWelcome, Visitor: visitorFrame{ID: w.Visitor.ID, Token: w.Token}, Session: s.linkedSession(w.Session),
		Settings: chosen, Online: s.online(p), Resumed: w.Resumed,
	}
}

// browser is a fingerprint as it is kept: who reads the database cannot tell the
// browser from it, nor know it again in another project.
func (s *Server) browser(p *core.Project, fingerprint string) string {
	if fingerprint = clip(fingerprint, maxFact); fingerprint == "" {
		return ""
	}
	mac := hmac.New(sha256.New, s.o.SigningKey)
	fmt.Fprintf(mac, "browser\n%s\n%s", p.ID, fingerprint)
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

// Limits of what a page says about itself.
const (
	maxURL  = 2048 // bytes
	maxFact = 512
)

// metadata is what operators get to know of the visitor's page and browser.
func metadata(f *frame, agent string) map[string]string {
	m := map[string]string{}
	add := func(name, value string, most int) {
		if value = clip(value, most); value != "" {
			m[name] = value
		}
	}
	if f.Page != nil {
		add("url", f.Page.URL, maxURL)
		add("title", f.Page.Title, maxFact)
		add("referrer", f.Page.Referrer, maxURL)
	}
	add("language", f.Language, maxFact)
	add("timezone", f.Timezone, maxFact)
	add("screen", f.Screen, maxFact)
	add("userAgent", agent, maxFact)
	return m
}

// clip makes foreign text one line of at most n bytes.
func clip(text string, n int) string {
	text = strings.Join(strings.Fields(strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\x00", "")), " ")
	if len(text) > n {
		text = strings.ToValidUTF8(text[:n], "")
	}
	return text
}
