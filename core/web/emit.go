package web

import (
	"net/http"

	"github.com/pocketping/pocketping/core"
)

// postEmit tells the pages of one session's visitor something.
func (s *Server) postEmit(c call) error { return s.emit(c, c.Param("id")) }

// postEmitAll tells all pages of the project that are connected.
func (s *Server) postEmitAll(c call) error { return s.emit(c, "") }

func (s *Server) emit(c call, sessionID string) error {
	b, by, err := c.read(s)
	if err != nil {
		return err
	}
	if err := s.limits.emits.take(by.ProjectID); err != nil {
		return err
	}
	if err := s.chat.Emit(c.ctx(), by.ProjectID, sessionID, b.Name, b.Data); err != nil {
		return err
	}
	return c.NoContent(http.StatusNoContent)
}

// hearEmit passes on what is for all pages of the project; what is for one visitor's
// comes with their other signals.
func (s *Server) hearEmit(projectID string) func(core.Signal) {
	return func(sig core.Signal) {
		if l := sig.Live; l != nil && l.Type == core.LiveEmit && sig.VisitorID == "" {
			s.tellAll(projectID, emitFrame{Type: typeEmit, Name: l.Name, Data: l.Data})
		}
	}
}
