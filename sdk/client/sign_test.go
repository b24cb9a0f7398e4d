package client_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	standard "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pocketping/pocketping/sdk/client"
)

const hookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

func signedRequest(t *testing.T, key, id, body string, at time.Time) *http.Request {
	t.Helper()
	wh, err := standard.NewWebhook(key)
	if err != nil {
		t.Fatal(err)
	}
	signature, err := wh.Sign(id, at, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequest(http.MethodPost, "/hooks", strings.NewReader(body))
	r.Header.Set("Webhook-Id", id)
	r.Header.Set("Webhook-Timestamp", timestamp(at))
	r.Header.Set("Webhook-Signature", "v2,abc v1,bm9uZQ== "+signature)
	return r
}

// What an independent library signs is taken; what was changed, is old, or is another's
// is not.
func TestVerifyWebhook(t *testing.T) {
	const body, other = `{"type":"message.posted"}`, "whsec_b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldA=="
	w, err := client.VerifyWebhook(signedRequest(t, hookSecret, "evt_1", body, time.Now()), other, hookSecret)
	if err != nil || w.ID != "evt_1" || string(w.Body) != body {
		t.Fatalf("%v %v", w, err)
	}
	empty := signedRequest(t, hookSecret, "evt_1", body, time.Now())
	if _, err := client.VerifyWebhook(empty, ""); err == nil {
		t.Error("no secret: taken")
	}
	for name, change := range map[string]func(*http.Request){
		"another id":   func(r *http.Request) { r.Header.Set("Webhook-Id", "evt_2") },
		"another time": func(r *http.Request) { r.Header.Set("Webhook-Timestamp", timestamp(time.Now().Add(-time.Minute))) },
		"no time":      func(r *http.Request) { r.Header.Del("Webhook-Timestamp") },
		"no signature": func(r *http.Request) { r.Header.Del("Webhook-Signature") },
		"another body": func(r *http.Request) { r.Body = http.NoBody },
	} {
		r := signedRequest(t, hookSecret, "evt_1", body, time.Now())
		change(r)
		if _, err := client.VerifyWebhook(r, hookSecret); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	for name, r := range map[string]*http.Request{
		"old": signedRequest(t, hookSecret, "evt_1", body, time.Now().Add(-6*time.Minute)), "of the future": signedRequest(t, hookSecret, "evt_1", body, time.Now().Add(6*time.Minute)),
		"another's": signedRequest(t, other, "evt_1", body, time.Now()),
	} {
		if _, err := client.VerifyWebhook(r, hookSecret); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
}

func TestSignIdentity(t *testing.T) {
	token, err := client.SignIdentity(identityKey, client.Identity{Subject: "u-1", Name: "Ana", Email: "ana@shop.example", Traits: map[string]any{"plan": "pro", "sub": "not this"}})
	if err != nil {
		t.Fatal(err)
	}
	var claims jwt.MapClaims
	_, err = jwt.ParseWithClaims(token, &claims, func(*jwt.Token) (any, error) { return []byte(identityKey), nil }, jwt.WithValidMethods([]string{"HS256"}), jwt.WithExpirationRequired())
	if err != nil || claims["sub"] != "u-1" || claims["plan"] != "pro" || claims["email"] != "ana@shop.example" {
		t.Fatalf("%v %v", claims, err)
	}
	for _, bad := range []client.Identity{{}, {Subject: strings.Repeat("x", 257)}, {Subject: "x", Traits: map[string]any{"f": func() {}}}} {
		if _, err := client.SignIdentity(identityKey, bad); err == nil {
			t.Errorf("signed %v", bad)
		}
	}

	s := newShop(t)
	_, answers := s.visit(token, post("1", "hi"))
	session, _ := answers[1]["session"].(string)
	one, err := s.Session(t.Context(), session)
	if err != nil {
		t.Fatal(err)
	}
	v, err := s.Visitor(t.Context(), one.VisitorID)
	if err != nil || !v.Verified || v.Subject != "u-1" || v.Name != "Ana" || v.Traits["plan"] != "pro" {
		t.Errorf("the server knows %+v %v", v, err)
	}
}
