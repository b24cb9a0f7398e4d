package store

import (
	"bytes"
	"context"
	"errors"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// RotateKey implements core.ProjectStore.
func (s *Store) RotateKey(ctx context.Context, projectID, kind, key string, until core.Time) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		if err := tx.Where("id = ?", projectID).Take(&projectRow{}).Error; err != nil {
			return missing(err, "no project %s", projectID)
		}
		if err := putKey(tx, projectID, kind, key, until); err != nil {
			return err
		}
		return projectsChanged(tx)
	}))
}

// syncKey stores the key that is given, or one that is made where there is none.
func syncKey(tx *gorm.DB, projectID, kind, given string, until core.Time) error {
	var now keyRow
	err := tx.Where("project_id = ? AND kind = ?", projectID, kind).Take(&now).Error
	switch {
	case errors.Is(err, gorm.ErrRecordNotFound) && given == "":
		given = core.NewKey(kind)
	case errors.Is(err, gorm.ErrRecordNotFound):
	case err != nil || given == "" || bytes.Equal(now.Hash, core.Hash(given)):
		return err
	}
	return putKey(tx, projectID, kind, given, until)
}

// putKey stores the project's key of the kind. The one before works until then, and
// where that is over, those that it replaced do not either.
func putKey(tx *gorm.DB, projectID, kind, key string, until core.Time) error {
	hash, now := core.Hash(key), core.SystemClock{}.Now()
	var taken int64
	if err := tx.Model(&oldKeyRow{}).Where("hash = ? AND project_id <> ?", hash, projectID).Count(&taken).Error; err != nil {
		return err
	}
	if taken > 0 {
		return core.Errorf(core.CodeConflict, "this key was another project's")
	}
	gone := tx.Where("until <= ?", now).Or("hash = ?", hash)
	if until <= now {
		gone = gone.Or("project_id = ? AND kind = ?", projectID, kind)
	} else if kind != core.KindPublicKey {
		var before []keyRow
		if err := tx.Where("project_id = ? AND kind = ?", projectID, kind).Find(&before).Error; err != nil {
			return err
		}
		for _, k := range before {
			if err := tx.Create(&oldKeyRow{Hash: k.Hash, ProjectID: projectID, Kind: kind, Value: k.Value, Until: until}).Error; err != nil {
				return err
			}
		}
	}
	if err := gone.Delete(&oldKeyRow{}).Error; err != nil {
		return err
	}
	row := keyRow{ProjectID: projectID, Kind: kind, Value: key, Hash: hash, Created: now}
	if kind == core.KindSecretKey {
		row.Value = ""
	}
	return tx.Clauses(*over("project_id,kind", "value", "hash", "created_at")).Create(&row).Error
}

// withKeys are the projects of the rows.
func withKeys(db *gorm.DB, rows []projectRow) ([]*core.Project, error) {
	ids := make([]string, len(rows))
	for i := range rows {
		ids[i] = rows[i].ID
	}
	var keys []keyRow
	if err := db.Where("project_id IN ?", ids).Find(&keys).Error; err != nil {
		return nil, err
	}
	var old []oldKeyRow
	if err := db.Where("project_id IN ? AND until > ?", ids, core.SystemClock{}.Now()).Order("until DESC").Find(&old).Error; err != nil {
		return nil, err
	}
	projects, byID := make([]*core.Project, len(rows)), map[string]*core.Project{}
	for i := range rows {
		projects[i] = rows[i].domain()
		byID[rows[i].ID] = projects[i]
	}
	for _, k := range keys {
		p := byID[k.ProjectID]
		switch k.Kind {
		case core.KindPublicKey:
			p.PublicKey = k.Value
		case core.KindIdentity:
			p.IdentityKey = k.Value
		case core.KindSecretKey:
			p.SecretHash = k.Hash
		}
	}
	for _, k := range old {
		p := byID[k.ProjectID]
		p.OldKeys = append(p.OldKeys, core.OldKey{Kind: k.Kind, Hash: k.Hash, Value: k.Value, Until: k.Until})
	}
	return projects, nil
}
