package main

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	pageOfSessions = 50
	pageOfMessages = 60
	pageOfSearch   = 40 // doubled with each page that does not have it
	pageMost       = 1000
	heartbeat      = 20 * time.Second
	writeWithin    = 30 * time.Second
)

// The core says who asks.
const (
	headerOperatorID   = "X-PocketPing-Operator-Id"
	headerOperatorName = "X-PocketPing-Operator-Name"
)

// operatorOf is who asks; name is what they call themselves on the page.
func operatorOf(r *http.Request, name string) plugin.Operator {
	op := plugin.Operator{ID: r.Header.Get(headerOperatorID), Name: name}
	if op.Name == "" {
		op.Name = headerName(r)
	}
	if op.Name == "" {
		op.Name = "Operator"
	}
	return op
}

// headerName is the operator's name, which may be percent-encoded: a header
// carries no other letters than ASCII ones safely.
func headerName(r *http.Request) string {
	raw := r.Header.Get(headerOperatorName)
	if name, err := url.PathUnescape(raw); err == nil {
		return name
	}
	return raw
}

func (b *bridge) getMe(w http.ResponseWriter, r *http.Request) error {
	type project struct {
		ID       string `json:"id"`
		Name     string `json:"name"`
		Operator string `json:"operator"`
	}
	projects := []project{}
	for _, p := range b.host.Projects() {
		projects = append(projects, project{ID: p.ID, Name: p.Name, Operator: p.Operator})
	}
	answer(w, http.StatusOK, map[string]any{
		"bridge": b.host.BridgeID(), "projects": projects, "maxFile": fileLimit,
		"operator": map[string]string{"id": r.Header.Get(headerOperatorID), "name": headerName(r)},
	})
	return nil
}

func (b *bridge) getSessions(w http.ResponseWriter, r *http.Request) error {
	q := plugin.SessionQuery{Status: r.FormValue("status"), Cursor: r.FormValue("cursor"), Limit: pageOfSessions}
	if !slices.Contains([]string{"", "active", "closed"}, q.Status) {
		return invalid("status is active, closed or nothing")
	}
	sessions, next, err := b.host.Sessions(r.Context(), q)
	if err != nil {
		return err
	}
	if sessions == nil {
		sessions = []*plugin.Session{}
	}
	answer(w, http.StatusOK, map[string]any{"sessions": sessions, "next": next})
	return nil
}

func (b *bridge) getSession(w http.ResponseWriter, r *http.Request) error {
	s, err := b.host.Session(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	answer(w, http.StatusOK, s)
	return nil
}

func (b *bridge) getMessages(w http.ResponseWriter, r *http.Request) error {
	q := plugin.MessageQuery{SessionID: r.PathValue("id"), Limit: pageOfMessages}
	for name, seq := range map[string]*int64{"before": &q.Before, "after": &q.After} {
		n, err := strconv.ParseInt(r.FormValue(name), 10, 64)
		if r.FormValue(name) != "" && (err != nil || n < 0) {
			return invalid("%s is the seq of a message", name)
		}
		*seq = n
	}
	messages, more, err := b.host.Messages(r.Context(), q)
	if err != nil {
		return err
	}
	if messages == nil {
		messages = []*plugin.Message{}
	}
	answer(w, http.StatusOK, map[string]any{"messages": messages, "hasMore": more, "history": b.history.of(q.SessionID)})
	return nil
}

// message finds one of the session's messages, the newest first.
func (b *bridge) message(ctx context.Context, sessionID, messageID string) (*plugin.Message, error) {
	q := plugin.MessageQuery{SessionID: sessionID, Limit: pageOfSearch}
	for {
		messages, more, err := b.host.Messages(ctx, q)
		if err != nil {
			return nil, err
		}
		if i := slices.IndexFunc(messages, func(m *plugin.Message) bool { return m.ID == messageID }); i >= 0 {
			return messages[i], nil
		}
		if !more || len(messages) == 0 {
			return nil, &problem{http.StatusNotFound, "not_found", "there is no such message in this session"}
		}
		q.Before, q.Limit = messages[0].Seq, min(2*q.Limit, pageMost)
	}
}

// getEvents is the live stream of Server-Sent Events: what happens from now on.
// The page reads the rest whenever the stream opens, so nothing is resumed here.
func (b *bridge) getEvents(w http.ResponseWriter, r *http.Request) error {
	p, leave := b.hub.join()
	defer leave()
	out := http.NewResponseController(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	frame := []byte("retry: 1000\nevent: open\ndata: {}\n\n")
	for {
		_ = out.SetWriteDeadline(time.Now().Add(writeWithin)) // a writer without deadlines ends with its connection
		if _, err := w.Write(frame); err != nil {
			return nil
		}
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
			frame = []byte(": \n\n")
		case e, ok := <-p.events:
			if !ok {
				return nil
			}
			frame = append(append([]byte("data: "), e...), "\n\n"...)
		}
	}
}
