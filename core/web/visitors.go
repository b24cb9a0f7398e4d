package web

import (
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

// getExport writes all that is known of a visitor, with their files when asked. What
// fails once it has begun cuts the answer off, so that half of it is never taken for the
// whole.
func (s *Server) getExport(c call) error {
	visitor, w := c.Param("id"), c.Response()
	var err error
	switch files := c.QueryParam("files"); files {
	case "", "false":
		w.Header().Set("Content-Type", "application/json")
		err = s.chat.WriteVisitor(c.ctx(), c.project.ID, visitor, w, s.FileURL)
	case "true":
		w.Header().Set("Content-Type", "application/zip")
		err = s.chat.ZipVisitor(c.ctx(), c.project.ID, visitor, w)
	default:
		return core.Errorf(core.CodeInvalid, "files: true or false")
	}
	if err != nil && w.Committed {
		s.log.Error("an export was cut off", "project", c.project.ID, "err", err)
		panic(http.ErrAbortHandler)
	}
	if err != nil {
		w.Header().Del("Content-Type")
	}
	return err
}
