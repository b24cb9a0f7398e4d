package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/pocketping/pocketping/core"
)

// Stats implements core.Store.
func (s *Store) Stats(ctx context.Context, projectID string, from, to core.Time) (*core.Stats, error) {
	st := &core.Stats{From: from, To: to}
	t := newTally(st)
	err := s.tally(ctx, []string{projectID}, t)
	return st, err
}

// tally counts what happened as the rows come by: once over the sessions, once over
// their messages. Databases group slower than that.
type tally struct {
	st       *core.Stats
	series   *builder // nil: only the sums are asked for
	talks    map[string]*talk
	visitors map[string]struct{}
	channels map[string]*channel
}

// talk is what is to be known of a session: of its first question and first answer.
type talk struct {
	opened       core.Time // zero: before the time that is counted
	asked        place
	answered     place
	via          string // where it was answered first
	viaSometimes []string
}

// place is where a message stands; with seq 0 there is none.
type place struct {
	seq int64
	at  core.Time
}

// channel is a bridge, as far as it was counted.
type channel struct {
	core.Channel
	waits []int64
}

func newTally(st *core.Stats) *tally {
	st.Bridges, st.Ratings.Scores = []core.Channel{}, make([]int64, 5)
	return &tally{st: st, talks: map[string]*talk{}, visitors: map[string]struct{}{}, channels: map[string]*channel{}}
}

func (s *Store) tally(ctx context.Context, projectIDs []string, t *tally) error {
	q := map[string]any{"projects": projectIDs, "from": t.st.From, "to": t.st.To}
	if err := s.countSessions(ctx, q, t); err != nil {
		return translate(err)
	}
	if err := s.countMessages(ctx, q, t); err != nil {
		return translate(err)
	}
	t.sum()
	return nil
}

// countSessions looks at those that were opened within the time; by their last activity
// there is an index.
func (s *Store) countSessions(ctx context.Context, q map[string]any, t *tally) error {
	rows, err := s.reader(ctx).Raw(`SELECT id, visitor_id, status, rating, created_at, metadata FROM sessions
		WHERE project_id IN @projects AND last_activity >= @from AND created_at >= @from AND created_at < @to`, q).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r sessionRow
		if err := rows.Scan(&r.ID, &r.VisitorID, &r.Status, &r.Rating, &r.Created, &r.Metadata); err != nil {
			return err
		}
		t.session(&r)
	}
	return rows.Err()
}

func (t *tally) session(r *sessionRow) {
	t.talks[r.ID] = &talk{opened: r.Created}
	t.visitors[r.VisitorID] = struct{}{}
	t.st.Sessions.Opened++
	if r.Status == core.StatusClosed {
		t.st.Sessions.Closed++
	}
	if 0 < r.Rating && r.Rating <= 5 {
		t.st.Ratings.Scores[r.Rating-1]++
	}
	if t.series != nil {
		t.series.session(r)
	}
}

func (s *Store) countMessages(ctx context.Context, q map[string]any, t *tally) error {
	rows, err := s.reader(ctx).Raw(`SELECT m.session_id, m.seq, m.sender, m.via, m.created_at FROM sessions s JOIN messages m ON m.session_id = s.id
		WHERE s.project_id IN @projects AND s.last_activity >= @from AND s.created_at < @to AND m.created_at >= @from AND m.note = false`, q).Rows()
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r messageRow
		if err := rows.Scan(&r.SessionID, &r.Seq, &r.Sender, &r.Via, &r.Created); err != nil {
			return err
		}
		t.message(&r)
	}
	return rows.Err()
}

func (t *tally) message(r *messageRow) {
	about := t.talks[r.SessionID]
	if about == nil {
		about = &talk{}
		t.talks[r.SessionID] = about
	}
	counts := r.Created < t.st.To // else it only may be an answer
	at := place{r.Seq, r.Created}
	switch r.Sender {
	case core.SenderVisitor:
		if about.asked.seq == 0 || at.seq < about.asked.seq {
			about.asked = at
		}
		if counts {
			t.st.Messages.Visitor++
		}
	case core.SenderOperator:
		if about.answered.seq == 0 || at.seq < about.answered.seq {
			about.answered, about.via = at, r.Via
		}
		if counts {
			t.st.Messages.Operator++
			t.answer(about, r.Via)
		}
	}
	if counts && t.series != nil {
		t.series.message(r)
	}
}

func (t *tally) answer(about *talk, via string) {
	c := t.channel(via)
	c.Messages++
	if !slices.Contains(about.viaSometimes, via) {
		about.viaSometimes = append(about.viaSometimes, via)
		c.Sessions++
	}
}

func (t *tally) channel(via string) *channel {
	c := t.channels[via]
	if c == nil {
		c = &channel{Channel: core.Channel{ID: via}}
		t.channels[via] = c
	}
	return c
}

// sum makes averages and percentiles.
func (t *tally) sum() {
	t.st.Visitors = int64(len(t.visitors))
	var points int64
	for i, n := range t.st.Ratings.Scores {
		t.st.Ratings.Count += n
		points += int64(i+1) * n
	}
	if t.st.Ratings.Count > 0 {
		t.st.Ratings.Average = float64(points) / float64(t.st.Ratings.Count)
	}
	var waits []int64
	var unanswered int64
	for _, about := range t.talks {
		wait, answered, asked := about.wait()
		switch {
		case !asked:
		case !answered:
			unanswered++
		default:
			waits = append(waits, wait)
			if c := t.channels[about.via]; c != nil {
				c.waits = append(c.waits, wait)
			}
		}
	}
	t.st.FirstResponse = core.WaitsOf(waits)
	t.st.FirstResponse.Unanswered = unanswered
	for _, c := range t.channels {
		c.FirstResponse = core.WaitsOf(c.waits)
		t.st.Bridges = append(t.st.Bridges, c.Channel)
	}
	slices.SortFunc(t.st.Bridges, func(a, b core.Channel) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.ID, b.ID))
	})
}

// wait is how long the session's visitor waited for the first answer, in milliseconds.
func (t *talk) wait() (millis int64, answered, asked bool) {
	if t.opened == 0 || t.asked.seq == 0 {
		return 0, false, false
	}
	return int64(max(0, t.answered.at-t.asked.at)), t.answered.seq > 0, true
}
