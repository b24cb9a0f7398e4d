package store

import (
	"context"
	"errors"
	"time"

	"gorm.io/gorm"

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
	ReopenWithin time.Duration
	Widget       core.Widget
	Bridges      []string // not stored: the answer carries them
}

// SyncProject makes the project of the slug be as the spec says. Of the secret
// key only the hash is kept; one that is made here is known to nobody until
// RotateSecret shows its successor.
func (s *Store) SyncProject(ctx context.Context, spec ProjectSpec) (*core.Project, error) {
	var p *core.Project
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		row := projectRow{
			ID: core.NewID(core.KindProject), Slug: spec.Slug, Name: spec.Name, Origins: toJSON(spec.Origins, len(spec.Origins)),
			Widget: toJSON(spec.Widget, 1), ReopenMs: spec.ReopenWithin.Milliseconds(), Created: core.SystemClock{}.Now(),
		}
		if err := tx.Clauses(*over("slug", "name", "origins", "widget", "reopen_ms")).Create(&row).Error; err != nil {
			return err
		}
		var kept projectRow
		if err := tx.Where("slug = ?", spec.Slug).Take(&kept).Error; err != nil {
			return err
		}
		given := map[string]string{core.KindPublicKey: spec.PublicKey, core.KindSecretKey: spec.SecretKey, core.KindIdentity: spec.IdentityKey}
		for kind, key := range given {
			if err := syncKey(tx, kept.ID, kind, key); err != nil {
				return err
			}
		}
		var err error
		p, err = withKeys(tx, kept)
		return err
	}))
	if core.IsCode(err, core.CodeConflict) {
		return nil, core.Errorf(core.CodeConflict, "a key of project %q belongs to another project: keys must differ", spec.Slug)
	}
	if err != nil {
		return nil, err
	}
	p.Bridges = spec.Bridges
	return p, nil
}

// syncKey stores the key that is given, or one that is made where there is none.
func syncKey(tx *gorm.DB, projectID, kind, given string) error {
	key, on := given, over("project_id,kind", "value", "hash", "created_at")
	if given == "" {
		key, on = core.NewKey(kind), keepFirst("project_id,kind")
	}
	row := keyRow{ProjectID: projectID, Kind: kind, Value: key, Hash: core.Hash(key), Created: core.SystemClock{}.Now()}
	if kind == core.KindSecretKey {
		row.Value = ""
	}
	return tx.Clauses(*on).Create(&row).Error
}

func withKeys(db *gorm.DB, row projectRow) (*core.Project, error) {
	var keys []keyRow
	if err := db.Where("project_id = ?", row.ID).Find(&keys).Error; err != nil {
		return nil, err
	}
	return row.domain(keys), nil
}

// Projects lists all projects by slug, without their bridges.
func (s *Store) Projects(ctx context.Context) ([]*core.Project, error) {
	var rows []projectRow
	if err := s.reader(ctx).Order("slug").Find(&rows).Error; err != nil {
		return nil, translate(err)
	}
	projects := make([]*core.Project, len(rows))
	for i, r := range rows {
		p, err := withKeys(s.reader(ctx), r)
		if err != nil {
			return nil, translate(err)
		}
		projects[i] = p
	}
	return projects, nil
}

// RotateSecret gives the project another secret key and shows it this once; the
// one before is refused from now on.
func (s *Store) RotateSecret(ctx context.Context, slug string) (string, error) {
	key := core.NewKey(core.KindSecretKey)
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		var p projectRow
		if err := tx.Where("slug = ?", slug).Take(&p).Error; err != nil {
			if errors.Is(err, gorm.ErrRecordNotFound) {
				return core.Errorf(core.CodeNotFound, "no project %q", slug)
			}
			return err
		}
		return syncKey(tx, p.ID, core.KindSecretKey, key)
	}))
	if err != nil {
		return "", err
	}
	return key, nil
}
