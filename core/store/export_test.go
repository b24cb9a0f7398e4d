package store

import (
	"fmt"
	"testing"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// filled is a project with so many visitors, each with a session of two messages and
// every other one rated; what number n did came to be at 1000·n.
func (w *world) filled(n int) {
	w.t.Helper()
	var visitors []visitorRow
	var sessions []sessionRow
	var messages []messageRow
	var events []eventRow
	for i := range n {
		at := core.Time(1000 * (i + 1))
		v := visitorRow{ID: fmt.Sprintf("vis_x%06d", i), ProjectID: w.project.ID, Name: fmt.Sprint("Visitor ", i), Created: at, LastSeen: at}
		s := sessionRow{ID: fmt.Sprintf("sess_x%06d", i), ProjectID: w.project.ID, VisitorID: v.ID, Status: core.StatusClosed, Created: at, LastActivity: at, LastSeq: 4}
		if i%2 == 0 {
			s.Rating, s.RatingComment = 5, fmt.Sprint("fine ", i)
			events = append(events,
				eventRow{SessionID: s.ID, Seq: 3, ProjectID: w.project.ID, Pos: int64(100_000 + 2*i), Type: core.SessionRated, At: at + 1},
				eventRow{SessionID: s.ID, Seq: 4, ProjectID: w.project.ID, Pos: int64(100_001 + 2*i), Type: core.SessionRated, At: at + 5})
		}
		for seq := range 2 {
			messages = append(messages, messageRow{
				ID: fmt.Sprintf("msg_x%06d%d", i, 1-seq), ProjectID: w.project.ID, SessionID: s.ID, Seq: int64(seq + 1),
				Sender: core.SenderVisitor, Text: fmt.Sprint(i, ".", seq), Created: at, Note: seq == 1 && i == 0,
			})
		}
		visitors, sessions = append(visitors, v), append(sessions, s)
	}
	must(w.t, w.do(ctx(w.t), alone(func(tx *gorm.DB) error {
		for _, rows := range []any{visitors, sessions, messages, events} {
			if err := tx.CreateInBatches(rows, 500).Error; err != nil {
				return err
			}
		}
		return nil
	})))
}

// what is exported, as lines in the order in which they come.
func (w *world) exported(span Span) (lines []string) {
	w.t.Helper()
	must(w.t, w.EachVisitor(ctx(w.t), span, func(v *core.Visitor) error {
		lines = append(lines, "visitor "+v.Name)
		return nil
	}))
	must(w.t, w.EachSession(ctx(w.t), span, func(s *core.Session) error {
		lines = append(lines, "session "+s.ID)
		return nil
	}))
	must(w.t, w.EachMessage(ctx(w.t), span, func(m *core.Message) error {
		lines = append(lines, fmt.Sprintf("message %s %s %d", m.SessionID, m.Text, m.Seq))
		return nil
	}))
	must(w.t, w.EachRating(ctx(w.t), span, func(r *Rated) error {
		lines = append(lines, fmt.Sprintf("rating %s %d %s at %d", r.SessionID, r.Score, r.Comment, r.At))
		return nil
	}))
	return lines
}

func TestExport(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		const n = 2*exportPage + 1
		w := newWorld(t, url)
		mine := w.project
		other, err := w.SyncProject(ctx(t), ProjectSpec{Slug: "other", Name: "Other"})
		must(t, err)
		w.project = other
		w.newVisitor()
		w.project = mine
		w.filled(n)

		have := w.exported(Span{ProjectID: mine.ID, From: 1001, To: 1000*n + 1})
		extent, err := w.Extent(ctx(t), Span{ProjectID: mine.ID, From: 1001, To: 1000*n + 1})
		must(t, err)
		equal(t, "extent", extent, Extent{Visitors: n - 1, Sessions: n - 1, Messages: 2 * (n - 1), Ratings: n / 2})
		equal(t, "rows", len(have), 4*(n-1)+n/2)
		at := 0
		next := func(want string) {
			t.Helper()
			if have[at] != want {
				t.Fatalf("line %d is %q, want %q", at, have[at], want)
			}
			at++
		}
		for i := 1; i < n; i++ {
			next(fmt.Sprint("visitor Visitor ", i))
		}
		for i := 1; i < n; i++ {
			next(fmt.Sprintf("session sess_x%06d", i))
		}
		for i := 1; i < n; i++ {
			next(fmt.Sprintf("message sess_x%06d %d.0 1", i, i))
			next(fmt.Sprintf("message sess_x%06d %d.1 2", i, i))
		}
		next("rating sess_x000000 5 fine 0 at 1005") // of an older session, within the time
		for i := 2; i < n-1; i += 2 {
			next(fmt.Sprintf("rating sess_x%06d 5 fine %d at %d", i, i, 1000*(i+1)+5))
		}
		equal(t, "all", len(w.exported(Span{ProjectID: mine.ID})), 1+4*n+n/2+1)
		equal(t, "another project", fmt.Sprint(w.exported(Span{ProjectID: other.ID, From: 1, To: 1 << 50})), "[visitor ]")
		equal(t, "nobody's", len(w.exported(Span{})), 0)
		stop := fmt.Errorf("stop")
		equal(t, "what the reader says", w.EachSession(ctx(t), Span{ProjectID: mine.ID}, func(*core.Session) error { return stop }), stop)
	})
}
