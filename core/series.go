package core

import (
	"context"
	"time"
)

// SeriesQuery asks how it went over time.
type SeriesQuery struct {
	ProjectIDs []string
	From, To   Time
	Zone       *time.Location // whose days and hours they are; nil: UTC
}

// Series is how it went over time, in one project or in several together.
type Series struct {
	Stats
	Hourly bool         `json:"hourly"` // the steps are hours, for short spans; else they are days
	Steps  []Step       `json:"steps"`  // ascending, none left out
	Pages  []PageCount  `json:"pages"`  // where sessions were opened, the busiest first, 10 at most
	Week   [7][24]int64 `json:"week"`   // sessions opened by weekday, Sunday first, and hour
	Zone   string       `json:"zone"`
}

// Step is one day or hour of a series.
type Step struct {
	From          Time         `json:"from"`
	Sessions      int64        `json:"sessions"` // opened
	Messages      MessageStats `json:"messages"`
	FirstResponse Waits        `json:"firstResponse"` // of the sessions that were opened in it
	Ratings       int64        `json:"ratings"`
	Average       float64      `json:"average"` // of the ratings; 0 where there is none
}

// PageCount says how many sessions there were on a page of the site.
type PageCount struct {
	Path     string `json:"path"`
	Sessions int64  `json:"sessions"`
}

// hourly is the longest span whose steps are hours.
const hourly = 72 * time.Hour

// NewSeries makes the empty steps of the query's time.
func NewSeries(q SeriesQuery) *Series {
	zone := q.Zone
	if zone == nil {
		zone = time.UTC
	}
	s := &Series{Stats: Stats{From: q.From, To: q.To, Bridges: []Channel{}}, Zone: zone.String(), Pages: []PageCount{}}
	s.Hourly = q.To.Std().Sub(q.From.Std()) <= hourly
	for at := s.stepOf(q.From.Std().In(zone)); at.Before(q.To.Std()); at = s.after(at) {
		s.Steps = append(s.Steps, Step{From: TimeOf(at)})
	}
	return s
}

// stepOf is when the step begins that the moment is in.
func (s *Series) stepOf(t time.Time) time.Time {
	if s.Hourly {
		return t.Add(-time.Duration(t.Minute())*time.Minute - time.Duration(t.Second())*time.Second - time.Duration(t.Nanosecond()))
	}
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, t.Location())
}

func (s *Series) after(t time.Time) time.Time {
	if s.Hourly {
		return t.Add(time.Hour)
	}
	return time.Date(t.Year(), t.Month(), t.Day()+1, 0, 0, 0, 0, t.Location())
}

// Series counts what happened over time.
func (c *Chat) Series(ctx context.Context, q SeriesQuery) (*Series, error) {
	return c.store.Series(ctx, q)
}
