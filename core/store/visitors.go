package store

import (
	"context"

	"github.com/pocketping/pocketping/core"
)

// AddVisitor implements core.Store. A visitor who is known gets another token.
func (s *Store) AddVisitor(ctx context.Context, v *core.Visitor, tokenHash []byte) error {
	row := visitorOf(v)
	token := tokenRow{Hash: tokenHash, ProjectID: v.ProjectID, VisitorID: v.ID, Created: v.CreatedAt}
	return s.do(ctx, visitorStep{project: v.ProjectID, visitor: v.ID, write: func(b *batch) error {
		if had := b.visitors[row.ID]; had != nil && had.ProjectID != row.ProjectID {
			return core.Errorf(core.CodeConflict, "the visitor %s is another project's", row.ID)
		}
		b.visitors[row.ID] = &row
		b.tokens = append(b.tokens, token)
		return b.putVisitor(&row)
	}})
}

// SaveVisitor implements core.Store. One who was joined to another is not made
// again: CodeUnauthorized.
func (s *Store) SaveVisitor(ctx context.Context, v *core.Visitor) error {
	row := visitorOf(v)
	return s.do(ctx, visitorStep{project: v.ProjectID, visitor: v.ID, write: func(b *batch) error { return b.putVisitor(&row) }})
}

// visitorStep writes under the lock of the visitor's project.
type visitorStep struct {
	project, visitor string
	write            func(b *batch) error
}

func (st visitorStep) needs(n *needs) {
	n.projects.add(st.project)
	n.visitors.add(st.visitor)
}

func (st visitorStep) apply(b *batch) error { return st.write(b) }

// Visitor implements core.Store.
func (s *Store) Visitor(ctx context.Context, projectID, visitorID string) (*core.Visitor, error) {
	return s.visitor(ctx, "project_id = ? AND id = ?", projectID, visitorID)
}

// byToken finds the token first, once: it must not be looked for again for each visitor.
const byToken = "project_id = @project AND id = (SELECT visitor_id FROM visitor_tokens WHERE hash = @hash AND project_id = @project)"

// VisitorByToken implements core.Store.
func (s *Store) VisitorByToken(ctx context.Context, projectID string, tokenHash []byte) (*core.Visitor, error) {
	return s.visitor(ctx, byToken, map[string]any{"project": projectID, "hash": tokenHash})
}

// VisitorBySubject implements core.Store.
func (s *Store) VisitorBySubject(ctx context.Context, projectID, subject string) (*core.Visitor, error) {
	return s.visitor(ctx, "project_id = ? AND subject = ? AND subject <> ''", projectID, subject)
}

func (s *Store) visitor(ctx context.Context, where string, args ...any) (*core.Visitor, error) {
	var row visitorRow
	if err := s.reader(ctx).Where(where, args...).Take(&row).Error; err != nil {
		return nil, missing(err, "this visitor is not known")
	}
	return row.domain(), nil
}
