package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"
)

// FuzzSigned: no request gets in but one that Slack's secret has signed just now.
func FuzzSigned(f *testing.F) {
	sign := func(stamp string, body []byte) string {
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write([]byte("v0:" + stamp + ":"))
		mac.Write(body)
		return "v0=" + hex.EncodeToString(mac.Sum(nil))
	}
	now := strconv.FormatInt(time.Now().Unix(), 10)
	f.Add(now, sign(now, []byte("{}")), "application/json", []byte("{}"))
	f.Add("0", sign("0", []byte("{}")), "application/json", []byte("{}"))
	f.Add("-9223372036854775808", "v0=", "", []byte("x"))
	b := &bridge{config: Config{SigningSecret: "secret"}}
	f.Fuzz(func(t *testing.T, stamp, signature, kind string, body []byte) {
		r := httptest.NewRequest(http.MethodPost, eventsPath, bytes.NewReader(body))
		r.Header[timestampHead], r.Header[signatureHead], r.Header["Content-Type"] = []string{stamp}, []string{signature}, []string{kind}
		w := httptest.NewRecorder()
		b.ServeHTTP(w, r)
		if got := w.Code; got != http.StatusUnauthorized && signature != sign(stamp, body) {
			t.Fatalf("%q %q %q: %d", stamp, signature, body, got)
		}
	})
}
