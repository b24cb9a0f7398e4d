package client

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	webhookAge = 5 * time.Minute
	maxWebhook = 4 << 20
)

// Webhook is what a hook of PocketPing has posted. ID is the same each time one event is
// sent: keep those that you have handled.
type Webhook struct {
	ID   string
	At   time.Time // when it was sent
	Body []byte    // JSON: an event with its project, session and visitor
}

// VerifyWebhook reads a request of the webhook hook and makes sure that it was signed
// with one of the secrets within the last five minutes, as Standard Webhooks has it. A
// secret is given as it stands in the configuration; give two while one takes the
// other's place. The request's body can be read again afterwards.
func VerifyWebhook(r *http.Request, secrets ...string) (*Webhook, error) {
	return verifyWebhook(r, time.Now(), secrets)
}

func verifyWebhook(r *http.Request, now time.Time, secrets []string) (*Webhook, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxWebhook+1))
	if err != nil {
		return nil, fmt.Errorf("webhook: the body was cut off: %w", err)
	}
	if len(body) > maxWebhook {
		return nil, errors.New("webhook: the body is too large")
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	id, stamp := r.Header.Get("Webhook-Id"), r.Header.Get("Webhook-Timestamp")
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if id == "" || err != nil {
		return nil, errors.New("webhook: the headers Webhook-Id and Webhook-Timestamp are missing or wrong")
	}
	at := time.Unix(seconds, 0)
	if age := now.Sub(at); age > webhookAge || age < -webhookAge {
		return nil, errors.New("webhook: it was sent more than five minutes ago, or this machine's clock is wrong")
	}
	for _, secret := range secrets {
		key, err := webhookKey(secret)
		if err != nil {
			return nil, err
		}
		if signed(r.Header.Get("Webhook-Signature"), key, id+"."+stamp+".", body) {
			return &Webhook{ID: id, At: at, Body: body}, nil
		}
	}
	return nil, errors.New("webhook: no signature fits: is it the secret of this hook?")
}

func webhookKey(secret string) ([]byte, error) {
	secret = strings.TrimSpace(secret)
	coded, ok := strings.CutPrefix(secret, "whsec_")
	if !ok && secret != "" {
		return []byte(secret), nil
	}
	key, err := base64.StdEncoding.DecodeString(coded)
	if err != nil || len(key) == 0 {
		return nil, errors.New(`webhook: the secret is empty, or no base64 comes after "whsec_"`)
	}
	return key, nil
}

// signed reports whether one of the signatures of version 1 is the key's.
func signed(header string, key []byte, head string, body []byte) bool {
	mac := hmac.New(sha256.New, key)
	mac.Write([]byte(head))
	mac.Write(body)
	want := mac.Sum(nil)
	for _, one := range strings.Fields(header) {
		version, text, _ := strings.Cut(one, ",")
		have, err := base64.StdEncoding.DecodeString(text)
		if version == "v1" && err == nil && hmac.Equal(have, want) {
			return true
		}
	}
	return false
}
