package core

import "context"

// Login is an operator's way into the pages that plugins serve: a one-time code
// in a link becomes a cookie.
type Login struct {
	ID         string
	Name       string
	CodeHash   []byte
	CodeUntil  Time
	CookieHash []byte // nil until the code is used
}

// Logins keeps them.
type Logins interface {
	AddLogin(ctx context.Context, l Login) error
	// UseLoginCode turns an unused, unexpired code into a cookie, once. Otherwise
	// it fails with CodeUnauthorized.
	UseLoginCode(ctx context.Context, codeHash, cookieHash []byte, now Time) (*Login, error)
	LoginByCookie(ctx context.Context, cookieHash []byte) (*Login, error)
}
