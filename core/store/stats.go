package store

import (
	"cmp"
	"context"
	"slices"

	"github.com/pocketping/pocketping/core"
)

// opened are the sessions of a time; by their last activity there is an index.
const opened = "project_id = @project AND last_activity >= @from AND created_at >= @from AND created_at < @to"

// Stats implements core.Store.
func (s *Store) Stats(ctx context.Context, projectID string, from, to core.Time) (*core.Stats, error) {
	st := &core.Stats{From: from, To: to, Bridges: []core.Channel{}}
	q := map[string]any{"project": projectID, "from": from, "to": to}
	for _, count := range []func(context.Context, map[string]any, *core.Stats) error{s.countSessions, s.countRatings, s.countMessages, s.countWaits} {
		if err := count(ctx, q, st); err != nil {
			return nil, translate(err)
		}
	}
	slices.SortFunc(st.Bridges, func(a, b core.Channel) int {
		return cmp.Or(cmp.Compare(b.Messages, a.Messages), cmp.Compare(a.ID, b.ID))
	})
	return st, nil
}

func (s *Store) countSessions(ctx context.Context, q map[string]any, st *core.Stats) error {
	return s.reader(ctx).Raw(`SELECT COUNT(*), COALESCE(SUM(CASE WHEN status = 'closed' THEN 1 ELSE 0 END), 0), COUNT(DISTINCT visitor_id)
		FROM sessions WHERE `+opened, q).Row().Scan(&st.Sessions.Opened, &st.Sessions.Closed, &st.Visitors)
}

func (s *Store) countRatings(ctx context.Context, q map[string]any, st *core.Stats) error {
	var rows []struct{ Rating, N int64 }
	if err := s.reader(ctx).Raw("SELECT rating, COUNT(*) AS n FROM sessions WHERE rating > 0 AND "+opened+" GROUP BY rating", q).Scan(&rows).Error; err != nil {
		return err
	}
	st.Ratings.Scores = make([]int64, 5)
	var sum int64
	for _, r := range rows {
		if r.Rating <= 5 {
			st.Ratings.Scores[r.Rating-1] = r.N
			st.Ratings.Count += r.N
			sum += r.Rating * r.N
		}
	}
	if st.Ratings.Count > 0 {
		st.Ratings.Average = float64(sum) / float64(st.Ratings.Count)
	}
	return nil
}

func (s *Store) countMessages(ctx context.Context, q map[string]any, st *core.Stats) error {
	var rows []struct {
		Sender      core.Sender
		Via         string
		N, Sessions int64
	}
	err := s.reader(ctx).Raw(`SELECT m.sender, m.via, COUNT(*) AS n, COUNT(DISTINCT m.session_id) AS sessions
		FROM sessions s JOIN messages m ON m.session_id = s.id
		WHERE s.project_id = @project AND s.last_activity >= @from AND m.created_at >= @from AND m.created_at < @to AND m.note = false
		GROUP BY m.sender, m.via`, q).Scan(&rows).Error
	for _, r := range rows {
		switch r.Sender {
		case core.SenderVisitor:
			st.Messages.Visitor += r.N
		case core.SenderOperator:
			st.Messages.Operator += r.N
			st.Bridges = append(st.Bridges, core.Channel{ID: r.Via, Messages: r.N, Sessions: r.Sessions})
		}
	}
	return err
}

// first is the first message of each session that somebody of the sender wrote.
const first = `SELECT m.session_id, m.via, m.created_at FROM messages m JOIN (
		SELECT m.session_id, MIN(m.seq) AS seq FROM sessions s JOIN messages m ON m.session_id = s.id
		WHERE s.project_id = @project AND s.last_activity >= @from AND s.created_at >= @from AND s.created_at < @to
			AND m.sender = @sender AND m.note = false GROUP BY m.session_id
	) f ON f.session_id = m.session_id AND f.seq = m.seq`

type firstMessage struct {
	SessionID string
	Via       string
	CreatedAt core.Time
}

func (s *Store) countWaits(ctx context.Context, q map[string]any, st *core.Stats) error {
	asked, err := s.firstOf(ctx, q, core.SenderVisitor)
	if err != nil {
		return err
	}
	answered, err := s.firstOf(ctx, q, core.SenderOperator)
	if err != nil {
		return err
	}
	var all []int64
	by := map[string][]int64{}
	for id, question := range asked {
		if answer, ok := answered[id]; ok {
			wait := int64(max(0, answer.CreatedAt-question.CreatedAt))
			all = append(all, wait)
			by[answer.Via] = append(by[answer.Via], wait)
		}
	}
	st.FirstResponse = core.WaitsOf(all)
	st.FirstResponse.Unanswered = int64(len(asked) - len(all))
	for i := range st.Bridges {
		st.Bridges[i].FirstResponse = core.WaitsOf(by[st.Bridges[i].ID])
	}
	return nil
}

func (s *Store) firstOf(ctx context.Context, q map[string]any, sender core.Sender) (map[string]firstMessage, error) {
	var rows []firstMessage
	args := map[string]any{"project": q["project"], "from": q["from"], "to": q["to"], "sender": sender}
	err := s.reader(ctx).Raw(first, args).Scan(&rows).Error
	found := make(map[string]firstMessage, len(rows))
	for _, r := range rows {
		found[r.SessionID] = r
	}
	return found, err
}
