package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strconv"
	"testing"
	"time"
)

// FuzzWebhook: nothing is taken but what the secret has signed.
func FuzzWebhook(f *testing.F) {
	now := time.Unix(1_800_000_000, 0)
	stamp := strconv.FormatInt(now.Unix(), 10)
	sign := func(id, stamp string, body []byte) string {
		mac := hmac.New(sha256.New, []byte("secret"))
		mac.Write([]byte(id + "." + stamp + "."))
		mac.Write(body)
		return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil))
	}
	f.Add("msg_1", stamp, sign("msg_1", stamp, []byte("{}")), []byte("{}"))
	f.Add("msg_1", stamp, "v1,x v2,"+sign("a", stamp, nil)[3:], []byte("{}"))
	f.Add("", "-1", "v1,", []byte(nil))
	f.Fuzz(func(t *testing.T, id, stamp, signature string, body []byte) {
		r := &http.Request{Header: http.Header{"Webhook-Id": {id}, "Webhook-Timestamp": {stamp}, "Webhook-Signature": {signature}}, Body: nopBody(body)}
		got, err := verifyWebhook(r, now, []string{"secret"})
		if err == nil && (!bytes.Equal(got.Body, body) || !bytes.Contains([]byte(signature), []byte(sign(id, stamp, body)[3:]))) {
			t.Fatalf("taken: %q %q %q %q", id, stamp, signature, body)
		}
	})
}

type reader struct{ *bytes.Reader }

func (reader) Close() error { return nil }

func nopBody(b []byte) reader { return reader{bytes.NewReader(b)} }
