package web

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
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

// byHand is a token that no library has made.
func byHand(t *testing.T, key string, header, payload any) string {
	t.Helper()
	part := func(v any) string {
		raw, ok := v.(string)
		if !ok {
			b, err := json.Marshal(v)
			if err != nil {
				t.Fatal(err)
			}
			raw = string(b)
		}
		return base64.RawURLEncoding.EncodeToString([]byte(raw))
	}
	signed := part(header) + "." + part(payload)
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(mac.Sum(nil))
}

// What RFC 7515 and 7519 say is a signed identity, and nothing else is.
func TestTokensByHand(t *testing.T) {
	h := newHouse(t)
	hs256 := obj{"alg": "HS256", "typ": "JWT"}
	soon := time.Now().Add(time.Hour).Unix()
	good := byHand(t, identityKey, hs256, obj{"sub": "u1", "exp": soon, "name": "Ann", "email": "ann@acme.example", "plan": "pro", "seats": 3})
	p, w := h.open(obj{"identity": good})
	v, err := h.store.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "signed", fmt.Sprint(v.Subject, " ", v.Name, " ", v.Email, v.Verified, v.Traits), "u1 Ann ann@acme.exampletrue map[plan:pro seats:3]")
	equal(t, "claims", p.ask(obj{"type": "identify", "id": "c", "traits": obj{"name": "Eve", "plan": "gold"}}).text("type"), "ok")
	v, _ = h.store.Visitor(context.Background(), h.acme.ID, v.ID)
	equal(t, "are not merged", fmt.Sprint(v.Name, v.Traits, v.Claimed), "Annmap[plan:pro seats:3] map[name:Eve plan:gold]")

	parts := strings.Split(good, ".")
	evil := base64.RawURLEncoding.EncodeToString([]byte(fmt.Sprintf(`{"sub":"u2","exp":%d}`, soon)))
	bad := map[string]string{
		"other claims":     parts[0] + "." + evil + "." + parts[2],
		"no signature":     parts[0] + "." + evil + ".",
		"two parts":        parts[0] + "." + evil,
		"alg none":         byHand(t, identityKey, obj{"alg": "none"}, obj{"sub": "u2", "exp": soon}),
		"alg of another":   byHand(t, identityKey, obj{"alg": "RS256"}, obj{"sub": "u2", "exp": soon}),
		"alg in lower":     byHand(t, identityKey, obj{"alg": "hs256"}, obj{"sub": "u2", "exp": soon}),
		"the empty key":    byHand(t, "", hs256, obj{"sub": "u2", "exp": soon}),
		"the public key":   byHand(t, h.acme.PublicKey, hs256, obj{"sub": "u2", "exp": soon}),
		"expired":          byHand(t, identityKey, hs256, obj{"sub": "u2", "exp": time.Now().Add(-time.Second).Unix()}),
		"no expiry":        byHand(t, identityKey, hs256, obj{"sub": "u2"}),
		"not yet":          byHand(t, identityKey, hs256, obj{"sub": "u2", "exp": soon, "nbf": soon}),
		"subject as a map": byHand(t, identityKey, hs256, obj{"sub": obj{"a": 1}, "exp": soon}),
	}
	stranger, w := h.open(nil)
	for what, token := range bad {
		equal(t, what, stranger.ask(obj{"type": "identify", "id": what, "identity": token}).text("code"), "unauthorized")
	}
	for what, payload := range map[string]obj{"no subject": {"exp": soon}, "long subject": {"sub": strings.Repeat("x", 257), "exp": soon}, "a list": {"sub": "u2", "exp": soon, "roles": []string{"a"}}} {
		token := byHand(t, identityKey, hs256, payload)
		equal(t, what, stranger.ask(obj{"type": "identify", "id": what, "identity": token}).text("code"), "invalid")
	}
	v, _ = h.store.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
	equal(t, "nobody", fmt.Sprint(v.Subject, v.Verified), "false")
}

// Where identities are required, who is not signed in can look and write nothing.
func TestIdentityRequired(t *testing.T) {
	h := newHouse(t)
	h.acme.Identity = core.IdentityRequired
	p, w := h.open(nil)
	for _, frame := range []obj{
		{"type": "post", "text": "x"}, {"type": "track", "name": "x"}, {"type": "rate", "score": 5}, {"type": "close"},
		{"type": "identify", "traits": obj{"name": "Ann"}}, {"type": "edit", "message": "msg_x", "text": "x"}, {"type": "delete", "message": "msg_x"},
	} {
		frame["id"] = "r-" + frame.text("type")
		o := p.ask(frame)
		equal(t, frame.text("type"), o.text("code"), "unauthorized")
		if !strings.Contains(o.text("message"), "sign in") {
			t.Errorf("%s: not in words: %v", frame.text("type"), o)
		}
	}
	header := map[string]string{"Origin": acmeOrigin, "Authorization": "Bearer " + w.text("visitor", "token")}
	status, o, _ := h.call("POST", "/v1/frames", header, []obj{{"type": "post", "id": "f", "text": "x"}})
	equal(t, "over frames", fmt.Sprint(status, strings.Contains(o.text("raw"), "unauthorized")), "200 true")
	status, o = h.upload(w.text("visitor", "token"), acmeOrigin, "a.png", png)
	equal(t, "uploads", fmt.Sprint(status, o.text("error", "code")), "401unauthorized")
	_, sessions := h.backend("GET", "/v1/sessions", nil)
	equal(t, "sessions", fmt.Sprint(sessions.at("sessions")), "[]")

	good := byHand(t, identityKey, obj{"alg": "HS256"}, obj{"sub": "u1", "exp": time.Now().Add(time.Hour).Unix()})
	equal(t, "signing in", p.ask(obj{"type": "identify", "id": "s", "identity": good}).text("type"), "ok")
	p.post("1", "now I may")
	status, _ = h.upload(w.text("visitor", "token"), acmeOrigin, "a.png", png)
	equal(t, "upload", status, 201)
	status, o, _ = h.call("POST", "/v1/frames", header, []obj{{"type": "post", "id": "g", "text": "me too"}})
	equal(t, "frames", fmt.Sprint(status, strings.Contains(o.text("raw"), "me too")), "200 true")
	again, _ := h.again(w, nil)
	again.post("2", "and later")
	device, _ := h.open(obj{"identity": good})
	device.post("3", "and from elsewhere")
}

func TestIdentityOff(t *testing.T) {
	h := newHouse(t)
	h.acme.Identity = core.IdentityOff
	good := byHand(t, identityKey, obj{"alg": "HS256"}, obj{"sub": "u1", "exp": time.Now().Add(time.Hour).Unix(), "name": "Ann"})
	p, w := h.open(obj{"identity": good})
	equal(t, "told", p.want("error").text("code"), "invalid")
	equal(t, "signing in", p.ask(obj{"type": "identify", "id": "s", "identity": good}).text("code"), "invalid")
	equal(t, "claims", p.ask(obj{"type": "identify", "id": "c", "traits": obj{"name": "Ann"}}).text("type"), "ok")
	p.post("1", "as anybody")
	v, err := h.store.Visitor(context.Background(), h.acme.ID, w.text("visitor", "id"))
	if err != nil || v.Verified || v.Subject != "" || v.Name != "Ann" {
		t.Errorf("%+v, %v", v, err)
	}
}
