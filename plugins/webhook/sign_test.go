package main

import (
	"bytes"
	"strings"
	"testing"
	"time"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
)

// The example that the implementations of Standard Webhooks share.
func TestSignatureIsTheStandards(t *testing.T) {
	key, err := keyOf("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
	if err != nil {
		t.Fatal(err)
	}
	h := headers("msg_p5jXN8AQM9LWM0D4loKWxJek", time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`), [][]byte{key})
	if got := h.Get("webhook-signature"); got != "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=" {
		t.Errorf("signature %s", got)
	}
	if h.Get("webhook-timestamp") != "1614265330" {
		t.Errorf("timestamp %s", h.Get("webhook-timestamp"))
	}
}

// While a secret is rotated, a receiver that knows either verifies.
func TestEitherSecretVerifies(t *testing.T) {
	const recent, old = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "a text of the old days"
	s, err := Config{URL: "https://example.com", Secret: recent, OldSecret: old, Timeout: 10}.read()
	if err != nil {
		t.Fatal(err)
	}
	body := []byte(`{"type":"message.posted"}`)
	h := headers("evt_1_1", time.Now(), body, s.keys)
	byNew, err := standardwebhooks.NewWebhook(recent)
	if err != nil {
		t.Fatal(err)
	}
	byOld, err := standardwebhooks.NewWebhookRaw([]byte(old))
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := standardwebhooks.NewWebhookRaw([]byte("another text altogether"))
	if err != nil {
		t.Fatal(err)
	}
	for name, w := range map[string]*standardwebhooks.Webhook{"new": byNew, "old": byOld} {
		if err := w.Verify(body, h); err != nil {
			t.Errorf("with the %s secret: %v", name, err)
		}
		if w.Verify(bytes.ReplaceAll(body, []byte("posted"), []byte("edited")), h) == nil {
			t.Errorf("with the %s secret another body verifies", name)
		}
	}
	if stranger.Verify(body, h) == nil {
		t.Error("another secret verifies")
	}
	if n := len(strings.Fields(h.Get("webhook-signature"))); n != 2 {
		t.Errorf("%d signatures", n)
	}
	if h = headers("evt_1_1", time.Now().Add(-time.Hour), body, s.keys); byNew.Verify(body, h) == nil {
		t.Error("an old attempt verifies")
	}
	if h.Get("Content-Type") != "application/json" || !strings.HasPrefix(h.Get("User-Agent"), "PocketPing-Webhook/") {
		t.Errorf("headers %v", h)
	}
}
