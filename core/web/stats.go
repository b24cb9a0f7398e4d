package web

import (
	"net/http"
	"time"

	"github.com/pocketping/pocketping/core"
)

const (
	statsDays = 30
	statsMost = 366 * 24 * time.Hour
)

// getStats counts from one moment to another; without them, the last 30 days.
func (s *Server) getStats(c call) error {
	to, err := moment(c, "to", s.now())
	if err != nil {
		return err
	}
	from, err := moment(c, "from", to.AddDate(0, 0, -statsDays))
	if err != nil {
		return err
	}
	if !from.Before(to) || to.Sub(from) > statsMost {
		return core.Errorf(core.CodeInvalid, "from must be before to, by 366 days at most")
	}
	st, err := s.chat.Stats(c.ctx(), c.project.ID, core.TimeOf(from), core.TimeOf(to))
	if err != nil {
		return err
	}
	return c.JSON(http.StatusOK, st)
}

// moment reads a time of the query, or the day that begins then in UTC.
func moment(c call, name string, standard time.Time) (time.Time, error) {
	text := c.QueryParam(name)
	if text == "" {
		return standard, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return standard, core.Errorf(core.CodeInvalid, "%s: a time such as 2026-07-01T12:00:00Z, or a day such as 2026-07-01", name)
}
