package cli

import (
	"context"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// sheet is one table of an export: its columns, and how its rows come by. A cell is a
// string, a number, a bool, a core.Time, a list or a map.
type sheet struct {
	name    string
	columns []string
	count   func(store.Extent) int64
	rows    func(ctx context.Context, s *store.Store, span store.Span, row func(cells ...any) error) error
}

var sheets = []*sheet{
	{
		name:    "visitors",
		columns: []string{"id", "subject", "name", "email", "verified", "created_at", "last_seen", "traits", "claimed"},
		count:   func(e store.Extent) int64 { return e.Visitors },
		rows: func(ctx context.Context, s *store.Store, span store.Span, row func(...any) error) error {
			return s.EachVisitor(ctx, span, func(v *core.Visitor) error {
				return row(v.ID, v.Subject, v.Name, v.Email, v.Verified, v.CreatedAt, v.LastSeen, v.Traits, v.Claimed)
			})
		},
	},
	{
		name: "sessions",
		columns: []string{
			"id", "visitor_id", "status", "created_at", "last_activity", "closed_at", "operator_id", "operator", "rating", "rating_comment", "metadata",
		},
		count: func(e store.Extent) int64 { return e.Sessions },
		rows: func(ctx context.Context, s *store.Store, span store.Span, row func(...any) error) error {
			return s.EachSession(ctx, span, func(one *core.Session) error {
				var claim core.Claim
				if one.Claim != nil {
					claim = *one.Claim
				}
				var score any
				comment := ""
				if one.Rating != nil {
					score, comment = one.Rating.Score, one.Rating.Comment
				}
				return row(one.ID, one.VisitorID, string(one.Status), one.CreatedAt, one.LastActivity, one.ClosedAt, claim.ID, claim.Name, score, comment, one.Metadata)
			})
		},
	},
	{
		name: "messages",
		columns: []string{
			"id", "session_id", "seq", "created_at", "sender", "author", "operator", "via", "note", "text", "reply_to", "files", "edited_at", "deleted_at", "failed",
		},
		count: func(e store.Extent) int64 { return e.Messages },
		rows: func(ctx context.Context, s *store.Store, span store.Span, row func(...any) error) error {
			return s.EachMessage(ctx, span, func(m *core.Message) error {
				author, files := "", []string{}
				if m.Author != nil {
					author = m.Author.Name
				}
				for _, a := range m.Attachments {
					files = append(files, a.ID+" "+a.Name)
				}
				return row(m.ID, m.SessionID, m.Seq, m.CreatedAt, string(m.Sender), author, m.Operator, m.Via, m.Note, m.Text, m.ReplyTo, files, m.EditedAt, m.DeletedAt, m.Failed)
			})
		},
	},
	{
		name:    "ratings",
		columns: []string{"session_id", "visitor_id", "created_at", "score", "comment"},
		count:   func(e store.Extent) int64 { return e.Ratings },
		rows: func(ctx context.Context, s *store.Store, span store.Span, row func(...any) error) error {
			return s.EachRating(ctx, span, func(r *store.Rated) error {
				return row(r.SessionID, r.VisitorID, r.At, r.Score, r.Comment)
			})
		},
	},
}
