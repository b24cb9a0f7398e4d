package store

import (
	"context"
	"time"

	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/pocketping/pocketping/core"
)

// ProjectSpec is a project as the configuration names it. A key that is empty is
// kept as it is, or made where there is none.
type ProjectSpec struct {
	Slug         string
	Name         string
	Origins      []string
	PublicKey    string
	SecretKey    string
	IdentityKey  string
	KeyOverlap   time.Duration // that a secret or identity key works beside another that is given
	ReopenWithin time.Duration
	Widget       core.Widget
	Bridges      []string // not stored: the answer carries them
}

// SyncProjects makes the projects of the slugs be as the specs say, all or none, also
// those that were made over the API: they are the configuration's from then on. Of
// secret keys only the hash is kept; one that is made here is known to nobody until
// RotateKey replaces it.
func (s *Store) SyncProjects(ctx context.Context, specs []ProjectSpec) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		for _, spec := range specs {
			err := syncProject(tx, spec)
			if core.IsCode(translate(err), core.CodeConflict) {
				return core.Errorf(core.CodeConflict, "a key of project %q belongs to another project: keys must differ", spec.Slug)
			}
			if err != nil {
				return err
			}
		}
		return projectsChanged(tx)
	}))
}

func syncProject(tx *gorm.DB, spec ProjectSpec) error {
	row := projectRow{
		ID: core.NewID(core.KindProject), Slug: spec.Slug, Name: spec.Name, Origins: toJSON(spec.Origins, len(spec.Origins)),
		Widget: toJSON(spec.Widget, 1), ReopenMs: spec.ReopenWithin.Milliseconds(), Created: core.SystemClock{}.Now(),
	}
	if err := tx.Clauses(*over("slug", "name", "origins", "widget", "reopen_ms", "editable", "identity")).Create(&row).Error; err != nil {
		return err
	}
	var kept projectRow
	if err := tx.Where("slug = ?", spec.Slug).Take(&kept).Error; err != nil {
		return err
	}
	until := core.TimeOf(time.Now().Add(spec.KeyOverlap))
	given := map[string]string{core.KindPublicKey: spec.PublicKey, core.KindSecretKey: spec.SecretKey, core.KindIdentity: spec.IdentityKey}
	for kind, key := range given {
		if err := syncKey(tx, kept.ID, kind, key, until); err != nil {
			return err
		}
	}
	return nil
}

// SyncProject is SyncProjects for one, and answers with it.
func (s *Store) SyncProject(ctx context.Context, spec ProjectSpec) (*core.Project, error) {
	if err := s.SyncProjects(ctx, []ProjectSpec{spec}); err != nil {
		return nil, err
	}
	var row projectRow
	if err := s.reader(ctx).Where("slug = ?", spec.Slug).Take(&row).Error; err != nil {
		return nil, translate(err)
	}
	all, err := withKeys(s.reader(ctx), []projectRow{row})
	if err != nil {
		return nil, translate(err)
	}
	all[0].Bridges = spec.Bridges
	return all[0], nil
}

// AddProject implements core.ProjectStore.
func (s *Store) AddProject(ctx context.Context, p *core.Project) error {
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		row := projectRow{ID: p.ID, Slug: p.Slug, Editable: true, Created: core.SystemClock{}.Now()}
		row.set(p)
		if err := tx.Create(&row).Error; err != nil {
			return err
		}
		keys := []keyRow{
			{Kind: core.KindPublicKey, Value: p.PublicKey, Hash: core.Hash(p.PublicKey)},
			{Kind: core.KindSecretKey, Hash: p.SecretHash},
			{Kind: core.KindIdentity, Value: p.IdentityKey, Hash: core.Hash(p.IdentityKey)},
		}
		for i := range keys {
			keys[i].ProjectID, keys[i].Created = p.ID, row.Created
		}
		if err := tx.Create(&keys).Error; err != nil {
			return err
		}
		return projectsChanged(tx)
	}))
	if core.IsCode(err, core.CodeConflict) {
		return core.Errorf(core.CodeConflict, "the slug %q is taken: it may be one that the configuration named before, whose sessions are kept", p.Slug)
	}
	return err
}

// SaveProject implements core.ProjectStore.
func (s *Store) SaveProject(ctx context.Context, p *core.Project) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		var row projectRow
		if err := tx.Where("id = ?", p.ID).Take(&row).Error; err != nil {
			return missing(err, "no project %s", p.ID)
		}
		row.set(p)
		if err := tx.Model(&row).Select("Name", "Origins", "Widget", "Identity").Updates(&row).Error; err != nil {
			return err
		}
		return projectsChanged(tx)
	}))
}

// set takes over what the API may change.
func (r *projectRow) set(p *core.Project) {
	r.Name, r.Origins, r.Widget, r.Identity = p.Name, toJSON(p.Origins, len(p.Origins)), toJSON(p.Widget, 1), p.Identity
	r.ReopenMs = p.ReopenWithin.Milliseconds()
}

// Projects implements core.ProjectStore.
func (s *Store) Projects(ctx context.Context) ([]*core.Project, error) {
	var rows []projectRow
	if err := s.reader(ctx).Order("slug").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	projects, err := withKeys(s.reader(ctx), rows)
	return projects, translate(err)
}

// ProjectsRevision implements core.ProjectStore.
func (s *Store) ProjectsRevision(ctx context.Context) (string, error) {
	var values [][]byte
	err := s.reader(ctx).Model(&stateRow{}).Where("bridge = ? AND name = ?", coreState, projectsRevision).Pluck("value", &values).Error
	if err != nil || len(values) == 0 {
		return "", translate(err)
	}
	return string(values[0]), nil
}

const (
	projectsRevision = "projects"
	outlineState     = "outline"
)

// Outline is what SaveOutline has kept; nil: nothing.
func (s *Store) Outline(ctx context.Context) ([]byte, error) {
	var values [][]byte
	err := s.reader(ctx).Model(&stateRow{}).Where("bridge = ? AND name = ?", coreState, outlineState).Pluck("value", &values).Error
	if err != nil || len(values) == 0 {
		return nil, translate(err)
	}
	return values[0], nil
}

// SaveOutline keeps what the configuration says that is served now.
func (s *Store) SaveOutline(ctx context.Context, outline []byte) error {
	return s.SaveState(ctx, coreState, outlineState, outline)
}

// projectsChanged gives the projects another revision.
func projectsChanged(tx *gorm.DB) error {
	row := stateRow{Bridge: coreState, Name: projectsRevision, Value: []byte(core.NewKey("rev"))}
	return tx.Clauses(*over("bridge,name", "value")).Create(&row).Error
}

// removing are the steps that remove a project; those that come first need what the
// later ones remove. Nothing of the audit log goes.
var removing = []string{
	"DELETE FROM deliveries WHERE project_id = @project",
	"DELETE FROM dead_letters WHERE project_id = @project",
	"DELETE FROM events WHERE project_id = @project",
	"DELETE FROM links WHERE project_id = @project",
	"DELETE FROM threads WHERE project_id = @project",
	"DELETE FROM inbound WHERE project_id = @project",
	`DELETE FROM plugin_state WHERE EXISTS (SELECT 1 FROM sessions WHERE project_id = @project
		AND plugin_state.name LIKE '%' || sessions.id || '%')`,
	`UPDATE attachments SET owner = '', session_id = '', message_id = '', name = '', type = '', size = 0, place = 0, created_at = 0, removed = true
		WHERE project_id = @project`,
	"DELETE FROM messages WHERE project_id = @project",
	"DELETE FROM sessions WHERE project_id = @project",
	"DELETE FROM visitor_tokens WHERE project_id = @project",
	"DELETE FROM visitors WHERE project_id = @project",
	"DELETE FROM old_keys WHERE project_id = @project",
	"DELETE FROM project_keys WHERE project_id = @project",
	"DELETE FROM projects WHERE id = @project",
}

// RemoveProject implements core.ProjectStore.
func (s *Store) RemoveProject(ctx context.Context, projectID string) ([]string, error) {
	var files []string
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		if err := tx.Clauses(clause.Locking{Strength: "UPDATE"}).Where("id = ?", projectID).Take(&projectRow{}).Error; err != nil {
			return missing(err, "no project %s", projectID)
		}
		if err := tx.Model(&attachmentRow{}).Where("project_id = ?", projectID).Pluck("id", &files).Error; err != nil {
			return err
		}
		for _, sql := range removing {
			if err := tx.Exec(sql, map[string]any{"project": projectID}).Error; err != nil {
				return err
			}
		}
		return projectsChanged(tx)
	}))
	return files, err
}
