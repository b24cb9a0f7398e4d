package web

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"
)

// signedBy is a token of a library that has nothing to do with ours.
func signedBy(t *testing.T, alg jose.SignatureAlgorithm, key string, claims any) string {
	t.Helper()
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: alg, Key: []byte(key)}, (&jose.SignerOptions{}).WithType("JWT"))
	if err != nil {
		t.Fatal(err)
	}
	token, err := jwt.Signed(signer).Claims(claims).Serialize()
	if err != nil {
		t.Fatal(err)
	}
	return token
}

// What another library signs is read as it was meant, and what it signs in another way
// is refused.
func TestIdentityOfAnotherLibrary(t *testing.T) {
	h := newHouse(t)
	key := identityKey
	for len(key) < 64 { // that library wants as many bits as the hash has
		key += "0"
	}
	h.acme.IdentityKey = key
	soon := jwt.NewNumericDate(time.Now().Add(time.Hour))
	claims := map[string]any{"sub": "u-7", "exp": soon, "iat": jwt.NewNumericDate(time.Now()), "name": "Zoë", "email": "zoe@acme.example", "seats": 3, "vip": true}
	p, w := h.open(obj{"identity": signedBy(t, jose.HS256, key, claims)})
	v, err := h.store.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "who it is", fmt.Sprint(v.Subject, v.Name, v.Email, v.Verified, v.Traits), "u-7Zoëzoe@acme.exampletrue map[seats:3 vip:true]")
	past := jwt.NewNumericDate(time.Now().Add(-time.Second))
	for what, token := range map[string]string{
		"HS384":       signedBy(t, jose.HS384, key, claims),
		"HS512":       signedBy(t, jose.HS512, key, claims),
		"another key": signedBy(t, jose.HS256, "x"+key[1:], claims),
		"expired":     signedBy(t, jose.HS256, key, map[string]any{"sub": "u-8", "exp": past}),
		"not yet":     signedBy(t, jose.HS256, key, map[string]any{"sub": "u-8", "exp": soon, "nbf": soon}),
		"for ever":    signedBy(t, jose.HS256, key, map[string]any{"sub": "u-8"}),
	} {
		equal(t, what, p.ask(obj{"type": "identify", "id": what, "identity": token}).text("code"), "unauthorized")
	}
}
