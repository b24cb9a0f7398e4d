package web

import (
	"encoding/json"
	"errors"
	"maps"
	"slices"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/core"
)

type claims struct {
	jwt.RegisteredClaims
	Name  string `json:"name"`
	Email string `json:"email"`

	traits map[string]json.RawMessage // all others
}

// registered are the claims that are not about the visitor.
var registered = []string{"iss", "sub", "aud", "exp", "nbf", "iat", "jti", "name", "email"}

// UnmarshalJSON reads the claims that a back end has signed.
func (c *claims) UnmarshalJSON(b []byte) error {
	type known claims
	if err := json.Unmarshal(b, (*known)(c)); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &c.traits); err != nil {
		return err
	}
	maps.DeleteFunc(c.traits, func(name string, _ json.RawMessage) bool { return slices.Contains(registered, name) })
	return nil
}

// identity reads a visitor's identity that the project's back end has signed; nil
// when there is none.
func (s *Server) identity(p *core.Project, token string) (*core.Identity, error) {
	if token == "" {
		return nil, nil
	}
	if p.Identity == core.IdentityOff {
		return nil, core.Errorf(core.CodeInvalid, "identity: this project takes no signed identities")
	}
	keys := jwt.VerificationKeySet{}
	for _, key := range p.IdentityKeys(core.TimeOf(s.now())) {
		keys.Keys = append(keys.Keys, []byte(key))
	}
	if len(keys.Keys) == 0 {
		return nil, core.Errorf(core.CodeInvalid, "identity: the project has no identity_key")
	}
	var c claims
	_, err := jwt.ParseWithClaims(token, &c, func(*jwt.Token) (any, error) { return keys, nil },
		jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired(), jwt.WithTimeFunc(s.now))
	switch {
	case errors.Is(err, jwt.ErrTokenExpired):
		return nil, core.Errorf(core.CodeUnauthorized, "identity: the token has expired, sign a new one")
	case err != nil:
		return nil, core.Errorf(core.CodeUnauthorized, "identity: not a JWT that is signed with HS256 and the project's identity key and has an exp")
	case c.Subject == "" || len(c.Subject) > 256:
		return nil, core.Errorf(core.CodeInvalid, "identity: the token needs a sub of 1 to 256 bytes")
	}
	id, err := claimed(c.traits)
	if err != nil {
		return nil, core.Errorf(core.CodeInvalid, "identity: a claim beside those of RFC 7519 is a text, a number or a boolean")
	}
	id.Subject, id.Name, id.Email = c.Subject, c.Name, c.Email
	return &id, nil
}

// mayWrite refuses visitors whom the project's back end has not signed in, where the
// project wants that.
func mayWrite(p *core.Project, signedIn bool) error {
	if p.Identity != core.IdentityRequired || signedIn {
		return nil
	}
	return core.Errorf(core.CodeUnauthorized, "sign in first: this site's chat is for visitors whom it knows")
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
