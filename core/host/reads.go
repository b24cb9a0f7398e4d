package host

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// Pages of the reads.
const (
	defaultSessions = 50
	maxSessions     = 200
	defaultMessages = 100
	maxMessages     = 1000
	defaultLinks    = 100
	maxLinks        = 500
	maxUnread       = 100 // counted at most
)

// number reads a query's number; zero where there is none.
func number(r *http.Request, name string) (int64, error) {
	value := r.URL.Query().Get(name)
	if value == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(value, 10, 64)
	if err != nil || n < 0 {
		return 0, core.Errorf(core.CodeInvalid, "%s must be a number", name)
	}
	return n, nil
}

func limitOf(r *http.Request, otherwise, most int) (int, error) {
	n, err := number(r, "limit")
	if n == 0 {
		n = int64(otherwise)
	}
	return int(min(n, int64(most))), err
}

func (s *socket) getSessions(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r, defaultSessions, maxSessions)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	sessions, next, err := s.h.o.Store.Sessions(r.Context(), core.SessionQuery{
		ProjectIDs: s.spec.projectIDs(), Status: core.Status(query.Get("status")), Limit: limit, Cursor: query.Get("cursor"),
	})
	if err != nil {
		return err
	}
	list := &pluginv1.SessionList{Next: next}
	for _, session := range sessions {
		wire, err := s.session(r.Context(), session)
		if err != nil {
			return err
		}
		list.Sessions = append(list.Sessions, wire)
	}
	return answer(w, list)
}

func (s *socket) getSession(w http.ResponseWriter, r *http.Request) error {
	session, err := s.h.sessionOf(r.Context(), s.spec, r.PathValue("id"))
	if err != nil {
		return err
	}
	wire, err := s.session(r.Context(), session)
	if err != nil {
		return err
	}
	return answer(w, wire)
}

// session is one with its visitor, its newest message, and how many of the
// visitor's no operator has read.
func (s *socket) session(ctx context.Context, session *core.Session) (*pluginv1.Session, error) {
	store := s.h.o.Store
	visitor, err := store.Visitor(ctx, session.ProjectID, session.VisitorID)
	if err != nil && !core.IsCode(err, core.CodeNotFound) {
		return nil, err
	}
	wire := sessionToWire(session, visitor)
	q := core.MessageQuery{ProjectID: session.ProjectID, SessionID: session.ID, Limit: 1, Notes: true}
	last, _, err := store.Messages(ctx, q)
	if err != nil {
		return nil, err
	}
	if len(last) == 0 {
		return wire, nil
	}
	wire.Last = s.h.messageToWire(last[0], visitor, "")
	if last[0].Seq <= session.Read {
		return wire, nil
	}
	q.After, q.Limit, q.Notes = session.Read, maxUnread, false
	unread, _, err := store.Messages(ctx, q)
	for _, m := range unread {
		if m.Sender == core.SenderVisitor && m.DeletedAt.IsZero() {
			wire.Unread++
		}
	}
	return wire, err
}

func (s *socket) getMessages(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r, defaultMessages, maxMessages)
	after, errAfter := number(r, "after")
	before, errBefore := number(r, "before")
	if err := errors.Join(err, errAfter, errBefore); err != nil {
		return err
	}
	session, err := s.h.sessionOf(r.Context(), s.spec, r.PathValue("id"))
	if err != nil {
		return err
	}
	messages, more, err := s.h.o.Store.Messages(r.Context(), core.MessageQuery{
		ProjectID: session.ProjectID, SessionID: session.ID, After: after, Before: before, Limit: limit, Notes: true,
	})
	if err != nil {
		return err
	}
	visitor, err := s.h.o.Store.Visitor(r.Context(), session.ProjectID, session.VisitorID)
	if err != nil && !core.IsCode(err, core.CodeNotFound) {
		return err
	}
	byID := map[string]*core.Message{}
	for _, m := range messages {
		byID[m.ID] = m
	}
	list := &pluginv1.MessageList{HasMore: more}
	for _, m := range messages {
		list.Messages = append(list.Messages, s.h.messageToWire(m, visitor, s.reply(r.Context(), m, byID)))
	}
	return answer(w, list)
}

func (s *socket) reply(ctx context.Context, m *core.Message, page map[string]*core.Message) string {
	if to := page[m.ReplyTo]; to != nil && to.Text != "" {
		return shorten(to.Text, replyClusters)
	}
	return s.h.replyText(ctx, m.ProjectID, m)
}

// getThreads are those of sessions that the bridge serves: what it may have missed
// something in.
func (s *socket) getThreads(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r, defaultSessions, maxSessions)
	if err != nil {
		return err
	}
	query := r.URL.Query()
	threads, next, err := s.h.o.Store.Threads(r.Context(), s.spec.ID, core.SessionQuery{
		ProjectIDs: s.spec.projectIDs(), Status: core.Status(query.Get("status")), Limit: limit, Cursor: query.Get("cursor"),
	})
	if err != nil {
		return err
	}
	list := &pluginv1.ThreadList{Next: next}
	for _, t := range threads {
		list.Threads = append(list.Threads, &pluginv1.Thread{
			Id: t.ExternalID, SessionId: t.SessionID, Status: string(t.Status), LastActivity: int64(t.LastActivity),
		})
	}
	return answer(w, list)
}

func (s *socket) getLinks(w http.ResponseWriter, r *http.Request) error {
	limit, err := limitOf(r, defaultLinks, maxLinks)
	if err != nil {
		return err
	}
	links, err := s.h.o.Store.Links(r.Context(), s.spec.projectIDs(), s.spec.ID, r.URL.Query().Get("thread"), limit)
	if err != nil {
		return err
	}
	return answer(w, &pluginv1.LinkList{Links: linksToWire(links)})
}
