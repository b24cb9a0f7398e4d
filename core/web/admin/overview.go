package admin

import (
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/pocketping/pocketping/core"
)

// span is a time that can be chosen to look at.
type span struct {
	Name, Text string
	days       int
	Current    bool
	Address    string
}

var spans = []span{
	{Name: "1d", Text: "24 hours", days: 1}, {Name: "7d", Text: "7 days", days: 7}, {Name: "30d", Text: "30 days", days: 30},
	{Name: "90d", Text: "90 days", days: 90}, {Name: "365d", Text: "Year", days: 365},
}

// choice is a project that can be chosen to look at.
type choice struct {
	Slug, Name string
	Current    bool
}

type overviewPage struct {
	Spans    []span
	Span     string
	Choices  []choice
	Project  *core.Project // nil: all
	Zone     string
	Series   *core.Series
	Figures  []figure
	Plots    []plot
	Rankings []ranking
	Heat     heat
	Troubled []core.BridgeStatus
	Projects []projectCard
	Empty    bool
}

// figure is a sum in large letters, over a small line of how it went.
type figure struct {
	Name, Value, More string
	Line              line
}

func (p *pages) getOverview(c echo.Context) error {
	v := overviewPage{Span: c.QueryParam("span")}
	all := p.Chat.Projects().All()
	shown := all
	if slug := c.QueryParam("project"); slug != "" {
		project, err := p.project(slug)
		if err != nil {
			return err
		}
		v.Project, shown = project, []*core.Project{project}
	}
	v.Choices = choices(all, v.Project)
	days := v.choose()
	zone := zoneOf(shown)
	now := p.Now()
	q := core.SeriesQuery{From: core.TimeOf(now.AddDate(0, 0, -days)), To: core.TimeOf(now), Zone: zone}
	if days > 3 { // whole days, today as far as it is
		local := now.In(zone)
		q.From = core.TimeOf(time.Date(local.Year(), local.Month(), local.Day()-days+1, 0, 0, 0, 0, zone))
	}
	for _, project := range shown {
		q.ProjectIDs = append(q.ProjectIDs, project.ID)
	}
	series, err := p.Chat.Series(c.Request().Context(), q)
	if err != nil {
		return err
	}
	v.draw(series, zone)
	status := p.Status()
	v.Troubled = troubled(status)
	for _, project := range all {
		v.Projects = append(v.Projects, cardOf(project, p.Chat.Online(project), status))
	}
	return p.show(c, http.StatusOK, "overview", page{Title: "Overview", Nav: "overview", Data: v})
}

// choose marks the span that is shown, 30 days where nobody says, and answers with its
// days.
func (v *overviewPage) choose() int {
	days := 0
	v.Spans = append([]span{}, spans...)
	for _, s := range v.Spans {
		if s.Name == v.Span {
			days = s.days
		}
	}
	if days == 0 {
		v.Span, days = "30d", 30
	}
	for i := range v.Spans {
		s := &v.Spans[i]
		s.Current, s.Address = s.Name == v.Span, Path+"/?span="+s.Name
		if v.Project != nil {
			s.Address += "&project=" + v.Project.Slug
		}
	}
	return days
}

func choices(all []*core.Project, current *core.Project) []choice {
	var out []choice
	for _, p := range all {
		out = append(out, choice{p.Slug, p.Name, current != nil && current.ID == p.ID})
	}
	return out
}

// zoneOf is the zone of the projects' hours, where they agree.
func zoneOf(projects []*core.Project) *time.Location {
	var zone *time.Location
	for _, p := range projects {
		if p.Hours == nil || p.Hours.Zone == nil || zone != nil && zone.String() != p.Hours.Zone.String() {
			return time.UTC
		}
		zone = p.Hours.Zone
	}
	if zone == nil {
		return time.UTC
	}
	return zone
}

func (v *overviewPage) draw(s *core.Series, zone *time.Location) {
	v.Series, v.Zone, v.Empty = s, s.Zone, s.Sessions.Opened == 0 && s.Messages == core.MessageStats{}
	count := func(f float64) string { return num(int64(f)) }
	of := func(value func(core.Step) float64) []float64 {
		values := make([]float64, len(s.Steps))
		for i, step := range s.Steps {
			values[i] = value(step)
		}
		return values
	}
	sessions := curve{"c1", "Sessions", of(func(t core.Step) float64 { return float64(t.Sessions) }), count}
	visitors := curve{"c2", "Visitors", of(func(t core.Step) float64 { return float64(t.Messages.Visitor) }), count}
	operators := curve{"c1", "Operators", of(func(t core.Step) float64 { return float64(t.Messages.Operator) }), count}
	answered := func(f func(core.Waits) float64) func(core.Step) float64 {
		return func(t core.Step) float64 {
			if t.FirstResponse.Answered == 0 {
				return -1
			}
			return f(t.FirstResponse)
		}
	}
	median := curve{"c1", "Median", of(answered(func(w core.Waits) float64 { return w.Median })), wait}
	slow := curve{"c4", "9 of 10 within", of(answered(func(w core.Waits) float64 { return w.P90 })), wait}
	rated := curve{"c3", "Average", of(func(t core.Step) float64 {
		if t.Ratings == 0 {
			return -1
		}
		return t.Average
	}), func(f float64) string { return strconv.FormatFloat(math.Round(f*10)/10, 'g', -1, 64) }}

	v.Figures = []figure{
		{"Sessions", num(s.Sessions.Opened), fmt.Sprintf("%s of them closed, by %s", num(s.Sessions.Closed), some(s.Visitors, "visitor")), spark(sessions)},
		{"Messages", num(s.Messages.Visitor + s.Messages.Operator), fmt.Sprintf("%s by visitors, %s by operators", num(s.Messages.Visitor), num(s.Messages.Operator)), spark(visitors)},
		{"First response", firstResponse(s.FirstResponse), fmt.Sprintf("9 of 10 within %s · %s not answered", wait(s.FirstResponse.P90), num(s.FirstResponse.Unanswered)), spark(median)},
		{"Rating", rating(s.Ratings), fmt.Sprintf("of 5, from %s", some(s.Ratings.Count, "rating")), spark(rated)},
	}
	v.Plots = []plot{
		bars("sessions", "Sessions", s, zone, sessions),
		bars("messages", "Messages", s, zone, operators, visitors),
		lines("response", "First response", s, zone, 0, secondSteps, slow, median),
		lines("rating", "Average rating", s, zone, 1, []float64{1}, rated),
	}
	v.Plots[0].Desc = fmt.Sprintf("%s opened; at most %s in one step.", some(s.Sessions.Opened, "session"), count(most(sessions.values)))
	v.Plots[1].Desc = fmt.Sprintf("Visitors wrote %s, operators %s.", some(s.Messages.Visitor, "message"), num(s.Messages.Operator))
	v.Plots[2].Desc = fmt.Sprintf("Half of the first answers came within %s, nine of ten within %s.", wait(s.FirstResponse.Median), wait(s.FirstResponse.P90))
	v.Plots[3].Desc = fmt.Sprintf("%s, %.1f of 5 on average.", some(s.Ratings.Count, "rating"), s.Ratings.Average)
	v.Rankings = []ranking{rankBridges(s), rankPages(s), rankRatings(s)}
	v.Heat = heatOf(s)
}

func most(values []float64) float64 {
	m := 0.0
	for _, v := range values {
		m = max(m, v)
	}
	return m
}

// spark is the curve without a grid.
func spark(c curve) line {
	return trace(c, 0, 100/float64(max(1, len(c.values)-1)), 0, max(1, most(c.values)*1.05))
}

func firstResponse(w core.Waits) string {
	if w.Answered == 0 {
		return "–"
	}
	return wait(w.Median)
}

func rating(r core.RatingStats) string {
	if r.Count == 0 {
		return "–"
	}
	return fmt.Sprintf("%.2f", r.Average)
}

// troubled are the bridges that somebody should look at.
func troubled(all []core.BridgeStatus) []core.BridgeStatus {
	var out []core.BridgeStatus
	for _, b := range all {
		if b.State == "degraded" || b.LastError != "" {
			out = append(out, b)
		}
	}
	return out
}
