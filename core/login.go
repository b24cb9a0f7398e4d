package core

import "context"

// Login is an operator's way into the pages that plugins serve, or an admin's into
// theirs: a one-time code in a link becomes a cookie.
type Login struct {
	ID         string
	Name       string
	CodeHash   []byte
	CodeUntil  Time
	CookieHash []byte // nil until the code is used
	Admin      bool   // of the admin's pages, and of no others
}

// Logins keeps them.
type Logins interface {
	AddLogin(ctx context.Context, l Login) error
	// UseLoginCode turns an unused, unexpired code of an admin, or of none, into a
	// cookie, once. Otherwise it fails with CodeUnauthorized.
	UseLoginCode(ctx context.Context, admin bool, codeHash, cookieHash []byte, now Time) (*Login, error)
	LoginByCookie(ctx context.Context, cookieHash []byte) (*Login, error)
	// RemoveLogin ends one, as at signing out.
	RemoveLogin(ctx context.Context, cookieHash []byte) error
}
