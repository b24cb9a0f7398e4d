package store

import (
	"context"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// AddLogin implements core.Logins.
func (s *Store) AddLogin(ctx context.Context, l core.Login) error {
	row := operatorRow{CodeHash: l.CodeHash, CodeUntil: l.CodeUntil, CookieHash: l.CookieHash, ID: l.ID, Name: l.Name, Admin: l.Admin}
	return s.do(ctx, alone(func(tx *gorm.DB) error { return tx.Create(&row).Error }))
}

// UseLoginCode implements core.Logins. Codes that ran out go with it.
func (s *Store) UseLoginCode(ctx context.Context, admin bool, codeHash, cookieHash []byte, now core.Time) (*core.Login, error) {
	var row operatorRow
	err := s.do(ctx, alone(func(tx *gorm.DB) error {
		used := tx.Model(&operatorRow{}).Where("code_hash = ? AND admin = ? AND cookie_hash IS NULL AND code_until > ?", codeHash, admin, now).
			Update("cookie_hash", cookieHash)
		if used.Error != nil {
			return used.Error
		}
		if used.RowsAffected == 0 {
			return core.Errorf(core.CodeUnauthorized, "this link was used or is too old: ask for a new one")
		}
		if err := tx.Where("cookie_hash IS NULL AND code_until <= ?", now).Delete(&operatorRow{}).Error; err != nil {
			return err
		}
		return tx.Where("code_hash = ?", codeHash).Take(&row).Error
	}))
	if err != nil {
		return nil, err
	}
	return row.domain(), nil
}

// LoginByCookie implements core.Logins.
func (s *Store) LoginByCookie(ctx context.Context, cookieHash []byte) (*core.Login, error) {
	var row operatorRow
	if err := s.reader(ctx).Where("cookie_hash = ?", cookieHash).Take(&row).Error; err != nil {
		return nil, missing(err, "this login is not known: open a new link")
	}
	return row.domain(), nil
}

// RemoveLogin implements core.Logins.
func (s *Store) RemoveLogin(ctx context.Context, cookieHash []byte) error {
	return s.do(ctx, alone(func(tx *gorm.DB) error {
		return tx.Where("cookie_hash = ?", cookieHash).Delete(&operatorRow{}).Error
	}))
}

func (r *operatorRow) domain() *core.Login {
	return &core.Login{ID: r.ID, Name: r.Name, CodeHash: r.CodeHash, CodeUntil: r.CodeUntil, CookieHash: r.CookieHash, Admin: r.Admin}
}
