package web

import (
	"errors"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/core"
)

type claims struct {
	jwt.RegisteredClaims
	Name  string `json:"name"`
	Email string `json:"email"`
}

// identity reads a visitor's identity that the project's back end has signed; nil
// when there is none.
func (s *Server) identity(p *core.Project, token string) (*core.Identity, error) {
	if token == "" {
		return nil, nil
	}
	if p.IdentityKey == "" {
		return nil, core.Errorf(core.CodeInvalid, "identity: the project has no identity_key")
	}
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return []byte(p.IdentityKey), nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, core.Errorf(core.CodeUnauthorized, "identity: the token has expired, sign a new one")
	case err != nil:
		return nil, core.Errorf(core.CodeUnauthorized, "identity: not a JWT that is signed with HS256 and the project's identity key and has an exp")
	case c.Subject == "" || len(c.Subject) > 256:
		return nil, core.Errorf(core.CodeInvalid, "identity: the token needs a sub of 1 to 256 bytes")
	}
	return &core.Identity{Subject: c.Subject, Name: c.Name, Email: c.Email}, nil
}

// claimed is an identity that nobody has signed.
func claimed(given map[string]traits) core.Identity {
	id := core.Identity{Name: string(given["name"]), Email: string(given["email"]), Traits: map[string]string{}}
	for name, value := range given {
		if name != "name" && name != "email" {
			id.Traits[name] = string(value)
		}
	}
	return id
}
