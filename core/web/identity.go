package web

import (
	"encoding/json"
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

// claimed is an identity that nobody has signed. Pages give numbers and booleans
// too; they are kept as text.
func claimed(given map[string]json.RawMessage) (core.Identity, error) {
	id := core.Identity{Traits: map[string]string{}}
	for name, raw := range given {
		value := string(raw)
		if raw[0] == '{' || raw[0] == '[' {
			return id, core.Errorf(core.CodeInvalid, "identify: a trait is a text, a number or a boolean")
		}
		if text := ""; json.Unmarshal(raw, &text) == nil {
			value = text
		}
		switch name {
		case "name":
			id.Name = value
		case "email":
			id.Email = value
		default:
			id.Traits[name] = value
		}
	}
	return id, nil
}
