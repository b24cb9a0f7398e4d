package admin

import (
	"fmt"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
)

// ranking is a table whose rows have a bar each.
type ranking struct {
	ID, Title, Desc string
	Of              string // what the first column names
	Labels          []string
	Rows            []rank
}

type rank struct {
	Name  string
	Title string // all of a name that is cut
	Width string // percent
	Class string
	Cells []string
}

func rankBridges(s *core.Series) ranking {
	r := ranking{ID: "bridges", Title: "Where operators answer", Of: "Bridge", Labels: []string{"Messages", "Sessions", "First response"}}
	var most int64
	for _, b := range s.Bridges {
		most = max(most, b.Messages)
	}
	for _, b := range s.Bridges {
		first := "–"
		if b.FirstResponse.Answered > 0 {
			first = wait(b.FirstResponse.Median)
		}
		r.Rows = append(r.Rows, rank{Name: b.ID, Width: share(b.Messages, most), Class: "c1", Cells: []string{num(b.Messages), num(b.Sessions), first}})
	}
	return r
}

func rankPages(s *core.Series) ranking {
	r := ranking{ID: "pages", Title: "Pages that visitors write from", Of: "Page", Labels: []string{"Sessions"}}
	var most int64
	for _, p := range s.Pages {
		most = max(most, p.Sessions)
	}
	for _, p := range s.Pages {
		r.Rows = append(r.Rows, rank{Name: p.Path, Title: p.Path, Width: share(p.Sessions, most), Class: "c2", Cells: []string{num(p.Sessions)}})
	}
	return r
}

func rankRatings(s *core.Series) ranking {
	r := ranking{ID: "ratings", Title: "Ratings", Of: "Stars", Labels: []string{"Sessions"}}
	var most int64
	for _, n := range s.Ratings.Scores {
		most = max(most, n)
	}
	for i := len(s.Ratings.Scores); i > 0; i-- {
		n := s.Ratings.Scores[i-1]
		r.Rows = append(r.Rows, rank{Name: strings.Repeat("★", i), Title: fmt.Sprint(i, " of 5 stars"), Width: share(n, most), Class: "c3", Cells: []string{num(n)}})
	}
	return r
}

func share(n, most int64) string { return percent(100 * float64(n) / float64(max(1, most))) }

// heat is when visitors write: a cell for each hour of the week.
type heat struct {
	Hours []string
	Days  []heatDay
	Most  int64
}

type heatDay struct {
	Name, Short string
	Cells       []heatCell
}

type heatCell struct {
	N     int64
	Level int // 0 to 5
	Tip   string
}

func heatOf(s *core.Series) heat {
	var h heat
	for _, day := range s.Week {
		for _, n := range day {
			h.Most = max(h.Most, n)
		}
	}
	for hour := range 24 {
		h.Hours = append(h.Hours, fmt.Sprintf("%02d", hour))
	}
	for i := range 7 {
		weekday := time.Weekday((i + 1) % 7) // the week begins on Monday
		d := heatDay{Name: weekday.String(), Short: weekday.String()[:3]}
		for hour, n := range s.Week[weekday] {
			level := 0
			if n > 0 {
				level = 1 + int(4*n/max(1, h.Most))
			}
			tip := fmt.Sprintf("%s, %02d:00 to %02d:00\nSessions: %s", weekday, hour, hour+1, num(n))
			d.Cells = append(d.Cells, heatCell{n, level, tip})
		}
		h.Days = append(h.Days, d)
	}
	return h
}
