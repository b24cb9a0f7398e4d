package client

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"time"
)

// Identity is who a visitor is, as your back end knows them.
type Identity struct {
	Subject string // your own id of them, 1 to 256 bytes, for ever
	Name    string
	Email   string
	Traits  map[string]any // what operators should know: texts, numbers and booleans
	Expires time.Time      // zero: in an hour
}

// SignIdentity makes the token that the widget takes as identity: a JWT, signed with
// HS256 and the project's identity key. Make it on your server for each page; the key
// must never be in the page.
func SignIdentity(identityKey string, id Identity) (string, error) {
	if identityKey == "" {
		return "", errors.New("identity: the project's identity_key is missing")
	}
	if id.Subject == "" || len(id.Subject) > 256 {
		return "", errors.New("identity: Subject has 1 to 256 bytes")
	}
	if id.Expires.IsZero() {
		id.Expires = time.Now().Add(time.Hour)
	}
	claims := map[string]any{}
	maps.Copy(claims, id.Traits)
	claims["sub"], claims["exp"], claims["iat"] = id.Subject, id.Expires.Unix(), time.Now().Unix()
	if id.Name != "" {
		claims["name"] = id.Name
	}
	if id.Email != "" {
		claims["email"] = id.Email
	}
	body, err := json.Marshal(claims)
	if err != nil {
		return "", err
	}
	signing := segment([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + segment(body)
	mac := hmac.New(sha256.New, []byte(identityKey))
	mac.Write([]byte(signing))
	return signing + "." + segment(mac.Sum(nil)), nil
}

func segment(b []byte) string { return base64.RawURLEncoding.EncodeToString(b) }
