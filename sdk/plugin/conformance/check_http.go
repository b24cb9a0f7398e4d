package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

var httpChecks = []check{
	{"http/answers", "Its pages answer, whatever the path, and never with a server error.", needs{}, pagesAnswer},
	{"http/public", "A public path answers whoever calls it, without a server error.", needs{}, publicAnswers},
	{"http/unsigned", "What nobody has signed is refused by a public path, and hands nothing over.", needs{}, publicRefuses},
	{"http/large", "A body of 10 MiB to a public path is answered or cut off within 5 s.", needs{}, publicTakesLittle},
	{"http/paths", "A path that climbs out leads to no file of the system.", needs{}, pathsStay},
	{"http/secrets", "No page shows a secret of the config, or the host's token.", needs{}, pagesShowNoSecret},
}

// pages is the running plugin, when it has pages.
func (k *kit) pages(ctx context.Context) (*launched, error) {
	l, err := k.running(ctx)
	if err != nil {
		return nil, err
	}
	if l.started.GetHttpAddr() == "" {
		return nil, skip("it serves no HTTP")
	}
	return l, nil
}

// get is an answer, read as far as it matters.
func (l *launched) get(ctx context.Context, method, path string, body io.Reader) (status int, text string, err error) {
	resp, err := l.ask(ctx, method, path, body)
	if err != nil {
		return 0, "", fmt.Errorf("%s %s: %w", method, path, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.Header.Get("Content-Type") == "text/event-stream" {
		return resp.StatusCode, "", nil // it does not end
	}
	data, err := io.ReadAll(io.LimitReader(resp.Body, 4<<20))
	return resp.StatusCode, string(data), err
}

func pagesAnswer(ctx context.Context, k *kit) (string, error) {
	l, err := k.pages(ctx)
	if err != nil {
		return "", err
	}
	var codes []string
	for _, path := range []string{"/", "/there/is/none", "/api/", "/log", "/%2e%2e/%00", "/?q=" + strings.Repeat("x", 2000)} {
		status, _, err := l.get(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if status >= 500 {
			return "", fmt.Errorf("GET %.60s answers %d", path, status)
		}
		codes = append(codes, fmt.Sprint(status))
	}
	return strings.Join(codes, " "), nil
}

// public calls each public path.
func (k *kit) public(ctx context.Context, method string, body []byte, judge func(path string, status int, err error) error) (string, error) {
	l, err := k.pages(ctx)
	if err != nil {
		return "", err
	}
	if len(k.desc.GetPublicPaths()) == 0 {
		return "", skip("it has no public path")
	}
	var codes []string
	for _, path := range k.desc.GetPublicPaths() {
		status, _, err := l.get(ctx, method, path, bytes.NewReader(body))
		if err := judge(path, status, err); err != nil {
			return "", err
		}
		codes = append(codes, fmt.Sprint(status))
	}
	return strings.Join(codes, " "), nil
}

func publicAnswers(ctx context.Context, k *kit) (string, error) {
	return k.public(ctx, http.MethodGet, nil, func(path string, status int, err error) error {
		if err != nil || status >= 500 {
			return fmt.Errorf("GET %s: %d %w", path, status, cmpErr(err, errors.New("is a server error")))
		}
		return nil
	})
}

const unsigned = "nobody has signed this"

func publicRefuses(ctx context.Context, k *kit) (string, error) {
	k.desk.mu.Lock()
	before := len(k.desk.heard)
	k.desk.mu.Unlock()
	happened, err := k.public(ctx, http.MethodPost, []byte(`{"type":"event_callback","event":{"type":"message","text":"`+unsigned+`"},"text":"`+unsigned+`"}`), func(path string, status int, err error) error {
		if err != nil || status < 300 || status >= 500 {
			return fmt.Errorf("POST %s with nothing that proves where it comes from: %d %w", path, status, cmpErr(err, errors.New("is no refusal")))
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	k.desk.mu.Lock()
	defer k.desk.mu.Unlock()
	for _, h := range k.desk.heard[before:] { // the platform may bring something again meanwhile
		if strings.Contains(h.GetText()+string(h.GetRaw()), unsigned) {
			return "", fmt.Errorf("it hands over what nobody has signed: %v", h.Inbound)
		}
	}
	return happened, nil
}

func publicTakesLittle(ctx context.Context, k *kit) (string, error) {
	began := time.Now()
	happened, err := k.public(ctx, http.MethodPost, bytes.Repeat([]byte("x"), 10<<20), func(path string, status int, err error) error {
		if status >= 200 && status < 300 {
			return fmt.Errorf("POST %s with 10 MiB: %d", path, status)
		}
		if time.Since(began) > 5*time.Second {
			return fmt.Errorf("POST %s with 10 MiB takes %s", path, time.Since(began).Round(time.Second))
		}
		return nil // cut off is fine
	})
	if err != nil {
		return "", err
	}
	return happened, k.alive(ctx)
}

func pathsStay(ctx context.Context, k *kit) (string, error) {
	l, err := k.pages(ctx)
	if err != nil {
		return "", err
	}
	for _, path := range []string{"/../../../../etc/passwd", "/%2e%2e/%2e%2e/%2e%2e/%2e%2e/etc/passwd", "/..%2f..%2f..%2f..%2fetc/passwd"} {
		_, text, err := l.get(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		if strings.Contains(text, "root:") {
			return "", fmt.Errorf("GET %s shows a file of the system", path)
		}
	}
	return "no file", nil
}

func pagesShowNoSecret(ctx context.Context, k *kit) (string, error) {
	l, err := k.pages(ctx)
	if err != nil {
		return "", err
	}
	for _, path := range append([]string{"/", "/log", "/config", "/debug/pprof/cmdline", "/metrics", "/.env"}, k.desc.GetPublicPaths()...) {
		_, text, err := l.get(ctx, http.MethodGet, path, nil)
		if err != nil {
			return "", err
		}
		for _, secret := range k.secrets() {
			if strings.Contains(text, secret) {
				return "", fmt.Errorf("GET %s shows a secret", path)
			}
		}
	}
	return "none", nil
}
