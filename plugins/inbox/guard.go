package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	jsonType   = "application/json"
	uploadType = "application/octet-stream"
	bodyLimit  = 128 << 10 // bytes of a JSON body
)

type handler = func(http.ResponseWriter, *http.Request) error

// guard lets only the page itself act. The cookie is the core's affair; this
// refuses what another site could make a browser send along with it: a content
// type that needs no preflight, or a request that says it comes from elsewhere.
func guard(contentType string, next handler) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		switch r.Header.Get("Sec-Fetch-Site") {
		case "", "same-origin", "none":
		default:
			return &problem{http.StatusForbidden, "forbidden", "this can only be done from the inbox page itself"}
		}
		if got, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || got != contentType {
			return &problem{http.StatusUnsupportedMediaType, "invalid", "the Content-Type must be " + contentType}
		}
		return next(w, r)
	}
}

// problem is a failure in words for whoever looks at the page.
type problem struct {
	status  int
	code    string
	message string
}

func (p *problem) Error() string { return p.message }

func invalid(format string, args ...any) error {
	return &problem{http.StatusBadRequest, "invalid", fmt.Sprintf(format, args...)}
}

// fail answers with the failure. What the core refuses is its last word; of
// anything else the operator learns that it can be tried again.
func (b *bridge) fail(w http.ResponseWriter, r *http.Request, err error) {
	var p *problem
	var refused *plugin.Refused
	var failure *plugin.Failure
	switch {
	case errors.As(err, &p):
	case errors.As(err, &refused):
		p = &problem{http.StatusConflict, "refused", refused.Reason}
	case errors.As(err, &failure) && failure.Kind == plugin.FailurePermanent:
		p = &problem{http.StatusNotFound, "not_found", saidByHost(err)}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return // nobody is there to read it
	default:
		b.host.Log().Warn("a call of the inbox page failed", "method", r.Method, "path", r.URL.Path, "error", err)
		w.Header().Set("Retry-After", "2")
		p = &problem{http.StatusServiceUnavailable, "unavailable", "the server cannot do this right now, try again"}
	}
	answer(w, p.status, map[string]any{"error": map[string]string{"code": p.code, "message": p.message}})
}

// saidByHost is what the core says when it refuses to read or to keep something,
// in its own words, without the status before them.
func saidByHost(err error) string {
	parts := strings.SplitN(err.Error(), ": ", 3) // host: 404 Not Found: no session sess_x
	return parts[len(parts)-1]
}

// answer writes v as JSON. A reader that is gone is no concern of ours.
func answer(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", jsonType)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

// body reads the JSON body into v.
func body(w http.ResponseWriter, r *http.Request, v any) error {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, bodyLimit)).Decode(v)
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return &problem{http.StatusRequestEntityTooLarge, "too_large", "this text is too long"}
	case err != nil:
		return invalid("the body is not the JSON that this call takes")
	}
	return nil
}

// webTag names this build's page.
var webTag = func() string {
	sum := sha256.New()
	err := fs.WalkDir(web, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := web.ReadFile(path)
		fmt.Fprintf(sum, "%s %d\n", path, len(data))
		sum.Write(data)
		return err
	})
	if err != nil {
		panic(err) // the folder is compiled in
	}
	return `"` + hex.EncodeToString(sum.Sum(nil)[:12]) + `"`
}()
