package store

import (
	"fmt"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// asked opens a session at that moment with the visitor's first message.
func (w *world) asked(at core.Time) *core.Session {
	w.t.Helper()
	c := w.opening(w.newVisitor())
	c.At, c.Open.CreatedAt, c.Open.LastActivity = at, at, at
	s := w.append(c).Session
	w.said(s, core.SenderVisitor, core.ViaWidget, at, false)
	return s
}

func (w *world) said(s *core.Session, sender core.Sender, via string, at core.Time, note bool) {
	w.t.Helper()
	c := w.post(s, "x")
	c.VisitorID, c.At = "", at
	c.Post.Sender, c.Post.Via, c.Post.CreatedAt, c.Post.Note = sender, via, at, note
	if note {
		c.Events[0].Type = core.NotePosted
	}
	w.append(c)
}

func TestStats(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		const from, to = 1_000_000, 2_000_000
		w.said(w.asked(from-1), core.SenderOperator, "acme.telegram", from+5, false) // its session began before
		for i := range 10 {                                                          // waits of 1 to 10 s
			s := w.asked(from + core.Time(i))
			w.said(s, core.SenderOperator, "acme.telegram", from+1, true) // a note answers nobody
			via := "acme.telegram"
			if i >= 8 {
				via = core.ViaAPI
			}
			w.said(s, core.SenderOperator, via, from+core.Time(i)+core.Time(i+1)*1000, false)
			w.said(s, core.SenderOperator, "acme.slack", to-1, false)
			if i < 4 {
				w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: to - 1, Rating: &core.Rating{Score: 2 + i%2*3}, Events: []core.Event{{Type: core.SessionRated}}})
			}
			if i < 3 {
				w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: to - 1, Status: core.StatusClosed, Events: []core.Event{{Type: core.SessionClosed}}})
			}
		}
		w.asked(to - 1)
		w.asked(to)

		st, err := w.Stats(ctx(t), w.project.ID, from, to)
		must(t, err)
		equal(t, "sessions", fmt.Sprint(st.Sessions, st.Visitors), "{11 3} 11")
		equal(t, "messages", fmt.Sprint(st.Messages), "{11 21}")
		equal(t, "first response", fmt.Sprint(st.FirstResponse), "{10 1 5 9}")
		equal(t, "ratings", fmt.Sprint(st.Ratings), "{4 3.5 [0 2 0 0 2]}")
		equal(t, "bridges", fmt.Sprint(st.Bridges), "[{acme.slack 10 10 {0 0 0 0}} {acme.telegram 9 9 {8 0 4 8}} {api 2 2 {2 0 9 10}}]")

		none, err := w.Stats(ctx(t), "proj_other", from, to)
		must(t, err)
		equal(t, "another project's", fmt.Sprint(none.Sessions, none.Messages, none.FirstResponse, none.Ratings, none.Bridges), "{0 0} {0 0} {0 0 0 0} {0 0 [0 0 0 0 0]} []")
	})
}
