package web

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/core"
)

func sign(t *testing.T, key string, method jwt.SigningMethod, c jwt.MapClaims) string {
	t.Helper()
	var k any = []byte(key)
	if method == jwt.SigningMethodNone {
		k = jwt.UnsafeAllowNoneSignatureType
	}
	token, err := jwt.NewWithClaims(method, c).SignedString(k)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestIdentity(t *testing.T) {
	h := newHouse(t)
	soon := time.Now().Add(time.Hour).Unix()
	bad := map[string]string{
		"wrong key":  sign(t, "ik_another-key-of-somebody-else", jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": soon}),
		"expired":    sign(t, identityKey, jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": time.Now().Add(-time.Hour).Unix()}),
		"no expiry":  sign(t, identityKey, jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1"}),
		"other hash": sign(t, identityKey, jwt.SigningMethodHS512, jwt.MapClaims{"sub": "u1", "exp": soon}),
		"none":       sign(t, identityKey, jwt.SigningMethodNone, jwt.MapClaims{"sub": "u1", "exp": soon}),
		"no JWT":     "x",
	}
	p, w := h.open(nil)
	for name, token := range bad {
		equal(t, name, p.ask(obj{"type": "identify", "id": name, "identity": token}).text("code"), "unauthorized")
	}
	visitor := func(id string) *core.Visitor {
		v, err := h.store.Visitor(context.Background(), h.acme.ID, id)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	equal(t, "traits", p.ask(obj{"type": "identify", "id": "t", "traits": obj{"name": "Ann", "plan": "pro", "seats": 3}}).text("type"), "ok")
	v := visitor(w.text("visitor", "id"))
	equal(t, "claimed", fmt.Sprint(v.Name, " ", v.Verified, v.Traits), "Ann false map[plan:pro seats:3]")

	good := sign(t, identityKey, jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": soon, "name": "Ann Signed"})
	equal(t, "signed", p.ask(obj{"type": "identify", "id": "s", "identity": good}).text("type"), "ok")
	equal(t, "verified", visitor(v.ID).Verified, true)
	p.post("1", "from the first device")

	device, anonymous := h.open(nil)
	tab, _ := h.again(anonymous, nil)
	equal(t, "joined", device.ask(obj{"type": "identify", "id": "j", "identity": good}).text("type"), "ok")
	equal(t, "the device", device.closed(), closeRestart)
	equal(t, "its other tab", tab.closed(), closeRestart)
	_, back := h.again(anonymous, nil)
	equal(t, "who they are now", back.text("visitor", "id"), v.ID)
	equal(t, "what they see", texts(back, "session", "messages"), "from the first device")

	fault, still := h.again(anonymous, obj{"identity": bad["expired"]})
	equal(t, "let in", still.text("visitor", "id"), v.ID)
	equal(t, "and told", fault.want("error").text("code"), "unauthorized")
}

// TestStreamOfAVisitorWhoSignsIn: it ends, for what it listened to is no more.
func TestStreamOfAVisitorWhoSignsIn(t *testing.T) {
	h := newHouse(t)
	good := sign(t, identityKey, jwt.SigningMethodHS256, jwt.MapClaims{"sub": "u1", "exp": time.Now().Add(time.Hour).Unix()})
	h.open(obj{"identity": good})
	_, w := h.open(nil)
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, _ := http.NewRequestWithContext(ctx, http.MethodGet, h.url+"/v1/stream", nil)
	req.Header.Set("Origin", acmeOrigin)
	req.Header.Set("Authorization", "Bearer "+w.text("visitor", "token"))
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	header := map[string]string{"Origin": acmeOrigin, "Authorization": req.Header.Get("Authorization")}
	status, _, _ := h.call("POST", "/v1/frames", header, []obj{{"type": "identify", "id": "1", "identity": good}})
	equal(t, "identify", status, 200)
	if _, err := io.ReadAll(res.Body); err != nil {
		t.Errorf("the stream goes on: %v", err)
	}
}

// TestLargeWelcomeIsNotTooMuch: what follows a welcome at once waits for it.
func TestLargeWelcomeIsNotTooMuch(t *testing.T) {
	h := newHouse(t)
	p, w := h.open(nil)
	session := p.post("1", "x").text("session")
	for range 40 {
		h.operator(session, strings.Repeat("y", core.MaxText))
	}
	for range 5 {
		tab, _ := h.again(w, obj{"identity": "not a JWT"})
		equal(t, "fault", tab.want("error").text("code"), "unauthorized")
	}
}
