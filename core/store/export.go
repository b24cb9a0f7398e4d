package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// Span is what of a project is exported: what came to be from From on and before To.
type Span struct {
	ProjectID string
	From, To  core.Time // zero: without a bound
}

// Rated is a visitor's rating of a session.
type Rated struct {
	SessionID, VisitorID string
	At                   core.Time
	core.Rating
}

// exportPage is how many rows are in memory at a time. Between two pages nothing is
// held: whatever the reader does meanwhile, the server writes on.
const exportPage = 1000

// between limits rows to the span, by the column that says when each came to be.
func (s *Store) between(ctx context.Context, span Span, column string) *gorm.DB {
	db := s.reader(ctx).Where("project_id = ?", span.ProjectID)
	if span.From != 0 {
		db = db.Where(column+" >= ?", span.From)
	}
	if span.To != 0 {
		db = db.Where(column+" < ?", span.To)
	}
	return db
}

// inPages calls do for all rows of the span, a page at a time. behind says what comes
// after the last row of the page before.
func inPages[R any](page func() *gorm.DB, behind func(*gorm.DB, *R) *gorm.DB, do func([]*R) error) error {
	var last *R
	for {
		db := page().Limit(exportPage)
		if last != nil {
			db = behind(db, last)
		}
		var rows []*R
		if err := db.Find(&rows).Error; err != nil {
			return translate(err)
		}
		if err := do(rows); err != nil {
			return err
		}
		if len(rows) < exportPage {
			return nil
		}
		last = rows[len(rows)-1]
	}
}

// EachVisitor calls do for the visitors whom the project came to know, in that order.
func (s *Store) EachVisitor(ctx context.Context, span Span, do func(*core.Visitor) error) error {
	return inPages(func() *gorm.DB { return s.between(ctx, span, "created_at").Order("id") },
		func(db *gorm.DB, last *visitorRow) *gorm.DB { return db.Where("id > ?", last.ID) },
		func(rows []*visitorRow) error {
			for _, r := range rows {
				if err := do(r.domain()); err != nil {
					return err
				}
			}
			return nil
		})
}

// EachSession calls do for the sessions that were opened, in that order.
func (s *Store) EachSession(ctx context.Context, span Span, do func(*core.Session) error) error {
	return inPages(func() *gorm.DB { return s.between(ctx, span, "created_at").Order("id") },
		func(db *gorm.DB, last *sessionRow) *gorm.DB { return db.Where("id > ?", last.ID) },
		func(rows []*sessionRow) error {
			for _, r := range rows {
				if err := do(r.domain()); err != nil {
					return err
				}
			}
			return nil
		})
}

// EachMessage calls do for the messages that were posted, notes too, session by
// session.
func (s *Store) EachMessage(ctx context.Context, span Span, do func(*core.Message) error) error {
	return inPages(func() *gorm.DB { return s.between(ctx, span, "created_at").Order("session_id, seq") },
		func(db *gorm.DB, last *messageRow) *gorm.DB {
			return db.Where("(session_id, seq) > (?, ?)", last.SessionID, last.Seq)
		},
		func(rows []*messageRow) error {
			messages, err := s.render(s.reader(ctx), rows)
			if err != nil {
				return err
			}
			for _, m := range messages {
				if err := do(m); err != nil {
					return err
				}
			}
			return nil
		})
}

// ratedRow is a session's last rating event, with the rating of the session.
type ratedRow struct {
	ID, VisitorID, RatingComment string
	Rating                       int64
	At                           core.Time
}

// ratings are the sessions that have a rating which was given within the span.
func (s *Store) ratings(ctx context.Context, span Span) *gorm.DB {
	rated := s.reader(ctx).Table("sessions").Select(`id, visitor_id, rating, rating_comment,
		(SELECT MAX(e.at) FROM events e WHERE e.session_id = sessions.id AND e.type = ?) AS at`, core.SessionRated).
		Where("project_id = ? AND rating > 0", span.ProjectID)
	db := s.reader(ctx).Table("(?) AS rated", rated)
	if span.From != 0 {
		db = db.Where("at >= ?", span.From)
	}
	if span.To != 0 {
		db = db.Where("at < ?", span.To)
	}
	return db
}

// EachRating calls do for the ratings that were given, in the order of the sessions.
func (s *Store) EachRating(ctx context.Context, span Span, do func(*Rated) error) error {
	return inPages(func() *gorm.DB { return s.ratings(ctx, span).Order("id") },
		func(db *gorm.DB, last *ratedRow) *gorm.DB { return db.Where("id > ?", last.ID) },
		func(rows []*ratedRow) error {
			for _, r := range rows {
				rated := &Rated{SessionID: r.ID, VisitorID: r.VisitorID, At: r.At, Rating: core.Rating{Score: int(r.Rating), Comment: r.RatingComment}}
				if err := do(rated); err != nil {
					return err
				}
			}
			return nil
		})
}

// Extent is how many rows there are to export.
type Extent struct{ Visitors, Sessions, Messages, Ratings int64 }

// Extent counts them.
func (s *Store) Extent(ctx context.Context, span Span) (e Extent, err error) {
	for _, part := range []struct {
		rows  *gorm.DB
		count *int64
	}{
		{s.between(ctx, span, "created_at").Model(&visitorRow{}), &e.Visitors},
		{s.between(ctx, span, "created_at").Model(&sessionRow{}), &e.Sessions},
		{s.between(ctx, span, "created_at").Model(&messageRow{}), &e.Messages},
		{s.ratings(ctx, span), &e.Ratings},
	} {
		if err := part.rows.Count(part.count).Error; err != nil {
			return e, translate(err)
		}
	}
	return e, nil
}
