package web

import (
	"encoding/json"
	"net/http"

	"github.com/pocketping/pocketping/core"
)

func (s *Server) getVisitor(c call) error {
	v, err := s.chat.Visitor(c.ctx(), c.project.ID, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, v)
}

func (s *Server) deleteVisitor(c call) error {
	e, err := s.chat.EraseVisitor(c.ctx(), c.project.ID, c.Param("id"))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, e)
}

// exportedSession is a session with all that happened in it.
type exportedSession struct {
	*core.Session
	Notes  []*core.Message `json:"notes"`
	Events []*core.Event   `json:"events"`
}

// getExport writes all that is known of a visitor, a session at a time. What fails once
// it has begun cuts the answer off, so that half of it is never taken for the whole.
func (s *Server) getExport(c call) error {
	d, err := s.chat.VisitorData(c.ctx(), c.project.ID, c.Param("id"))
	if err != nil {
		return err
	}
	for i, a := range d.Attachments {
		d.Attachments[i] = s.linkedFile(a, c.project.ID)
	}
	head, err := json.Marshal(struct {
		ExportedAt core.Time `json:"exportedAt"`
		*core.VisitorData
	}{core.TimeOf(s.now()), d})
	if err != nil {
		return err
	}
	w := c.Response()
	w.Header().Set("Content-Type", "application/json")
	if _, err := w.Write(append(head[:len(head)-1], `,"sessions":[`...)); err != nil {
		return err
	}
	if err := s.exportSessions(c, w); err != nil {
		s.log.Error("an export was cut off", "project", c.project.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	_, err = w.Write([]byte("]}\n"))
	return err
}

func (s *Server) exportSessions(c call, w http.ResponseWriter) error {
	q := core.SessionQuery{ProjectIDs: []string{c.project.ID}, VisitorID: c.Param("id"), Limit: sessionsMost}
	for first := true; ; {
		sessions, next, err := s.chat.Sessions(c.ctx(), q)
		if err != nil {
			return err
		}
		for _, one := range sessions {
			whole, err := s.wholeSession(c, one)
			if err != nil {
				return err
			}
			body, err := json.Marshal(whole)
			if err != nil {
				return err
			}
			if !first {
				body = append([]byte(","), body...)
			}
			first = false
			if _, err := w.Write(body); err != nil {
				return err
			}
		}
		if q.Cursor = next; next == "" {
			return nil
		}
	}
}

func (s *Server) wholeSession(c call, session *core.Session) (*exportedSession, error) {
	whole := &exportedSession{Session: session, Notes: []*core.Message{}, Events: []*core.Event{}}
	said := map[string]*core.Message{}
	var order []string
	for after := int64(0); ; {
		events, err := s.chat.EventsOf(c.ctx(), c.project.ID, session.ID, after, messagesMost)
		if err != nil {
			return nil, err
		}
		for _, e := range events {
			after = e.Seq
			if m := e.Message; m != nil && said[m.ID] == nil {
				said[m.ID], order = m, append(order, m.ID)
			}
			e.Message = nil // as it is now, it stands with the messages
			whole.Events = append(whole.Events, e)
		}
		if len(events) < messagesMost {
			break
		}
	}
	for _, id := range order {
		if m := said[id]; m.Note {
			whole.Notes = append(whole.Notes, s.linked(m))
		} else {
			session.Messages = append(session.Messages, m)
		}
	}
	whole.Session = s.linkedSession(session)
	return whole, nil
}
