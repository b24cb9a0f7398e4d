package web

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/pocketping/pocketping/core"
)

// FuzzIdentity: nobody is signed in but by a token that the project's key has signed.
func FuzzIdentity(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	s := &Server{now: func() time.Time { return now }}
	p := &core.Project{IdentityKey: identityKey}
	mine := func(key string, c jwt.MapClaims) string {
		token, err := jwt.NewWithClaims(jwt.SigningMethodHS256, c).SignedString([]byte(key))
		if err != nil {
			f.Fatal(err)
		}
		return token
	}
	good := mine(identityKey, jwt.MapClaims{"sub": "u1", "exp": now.Add(time.Hour).Unix(), "name": "Ada", "plan": map[string]any{"a": 1}})
	for _, token := range []string{
		good, mine("ik_another", jwt.MapClaims{"sub": "u1", "exp": now.Add(time.Hour).Unix()}), mine(identityKey, jwt.MapClaims{"sub": "u1"}),
		"eyJhbGciOiJub25lIn0.eyJzdWIiOiJ1MSJ9.", "a.b.c", "", "....", strings.Repeat("A", 5000) + ".e30.",
	} {
		f.Add(token)
	}
	f.Fuzz(func(t *testing.T, token string) {
		id, err := s.identity(p, token)
		if id == nil || err != nil {
			return
		}
		signed, verr := jwt.Parse(token, func(*jwt.Token) (any, error) { return []byte(identityKey), nil }, jwt.WithValidMethods([]string{"HS256"}), jwt.WithTimeFunc(s.now))
		if verr != nil || !signed.Valid {
			t.Fatalf("%q signs somebody in: %+v", token, id)
		}
	})
}

// FuzzProof: no proof is taken but of a challenge that was made here, and once.
func FuzzProof(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	p := &proofs{key: []byte("key"), now: func() time.Time { return now }}
	challenge := p.challenge("proj_a", "192.0.2.1")
	for _, proof := range []string{solve(challenge), challenge, challenge + ".0", "16.z.z.z.0", "....", "-1.1.a.b.c", "99999999999999999999.1.a.b.c", ""} {
		f.Add(proof)
	}
	f.Fuzz(func(t *testing.T, proof string) { // one from another process has another nonce
		for _, of := range [][2]string{{"proj_b", "192.0.2.1"}, {"proj_a", "192.0.2.2"}} {
			if p.take(proof, of[0], of[1]) {
				t.Fatalf("%q is taken of %v, who was never asked", proof, of)
			}
		}
		if other := (&proofs{key: []byte("other"), now: p.now}); other.take(proof, "proj_a", "192.0.2.1") {
			t.Fatalf("%q is taken by who never asked for it", proof)
		}
		if !p.take(proof, "proj_a", "192.0.2.1") {
			return
		}
		if !solves(proof) {
			t.Fatalf("%q is taken", proof)
		}
		if p.take(proof, "proj_a", "192.0.2.1") {
			t.Fatalf("%q is taken twice", proof)
		}
		clear(p.used) // for the next input
	})
}

// FuzzForwarded: a proxy's header names an address, or is not believed.
func FuzzForwarded(f *testing.F) {
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("fd00::/8")}
	for _, line := range []string{"203.0.113.9", "203.0.113.9, 10.1.1.1", "[2001:db8::1]:80", "::ffff:10.0.0.1", ",,,", "unknown", "fe80::1%eth0", "1.2.3.4:5,[", strings.Repeat("10.0.0.1,", 500)} {
		f.Add("10.0.0.2:4711", line)
	}
	f.Fuzz(func(t *testing.T, peer, line string) {
		r := &http.Request{RemoteAddr: peer, Header: http.Header{"X-Forwarded-For": {line}}}
		got := trusted.client(r)
		if got == peer {
			return // it was no address from the start
		}
		if _, err := netip.ParseAddr(got); err != nil {
			t.Fatalf("%q and %q: %q is no address", peer, line, got)
		}
		if key := addressKey(got); key == "" {
			t.Fatalf("%q counts by nothing", got)
		}
	})
}

// FuzzBodies: whatever a back end or the admin sends to any call is taken, or refused in words.
func FuzzBodies(f *testing.F) {
	const adminToken = "admin-token-of-the-fuzz-test"
	h := newHouse(f, func(o *Options) { o.AdminToken, o.Log = adminToken, slog.New(slog.DiscardHandler) })
	_, w := h.open(nil)
	var calls []string
	for _, route := range h.srv.echo.Routes() {
		if slices.Contains([]string{http.MethodPost, http.MethodPatch, http.MethodPut}, route.Method) && strings.HasPrefix(route.Path, "/v1/") {
			calls = append(calls, route.Method+" "+route.Path)
		}
	}
	slices.Sort(calls)
	for i, body := range []string{
		`{"text":"hi","author":{"name":"A","avatar":"https://a.example/b.png"},"clientId":"1"}`, `{"name":"n","data":{"a":[1,null]}}`, `[{"type":"hello","key":"x"}]`,
		`{"origins":["https://*.a.example"],"widget":{"color":"#fff","strings":{"send":"Go"}},"hours":{"zone":"UTC","mon":["09:00-10:00"]}}`,
		`{"on":"x"}`, `{"code":"x"}`, `null`, `{}{}`, "\xff", `{"name":`, `{"slug":"new","name":"New","origins":["*"]}`,
	} {
		for n := range calls {
			if (n+i)%3 == 0 {
				f.Add(uint8(n), []byte(body))
			}
		}
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		method, path, _ := strings.Cut(calls[int(n)%len(calls)], " ")
		token := acmeSecret
		if strings.HasPrefix(path, "/v1/admin") {
			token = adminToken
		} else if path == "/v1/frames" {
			token = w.text("visitor", "token")
		}
		path = parameter.ReplaceAllString(strings.ReplaceAll(path, ":project", h.other.ID), "x")
		r := httptest.NewRequest(method, "http://"+strings.TrimPrefix(h.url, "http://")+path, bytes.NewReader(body))
		r.Header.Set("Authorization", "Bearer "+token)
		r.Header.Set("Origin", acmeOrigin)
		answer := httptest.NewRecorder()
		h.srv.Handler().ServeHTTP(answer, r)
		if answer.Code >= 500 && answer.Code != http.StatusServiceUnavailable || answer.Code == http.StatusServiceUnavailable && strings.Contains(h.log.String(), "panic") {
			t.Fatalf("%s %s %q: %d %s", method, path, body, answer.Code, answer.Body)
		}
		if said, _ := io.ReadAll(answer.Body); answer.Code >= 400 && !bytes.Contains(said, []byte(`"message"`)) {
			t.Fatalf("%s %s %q: %d %s", method, path, body, answer.Code, said)
		}
	})
}
