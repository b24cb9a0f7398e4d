package slacktest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const maxBody = 4 << 20

// params are a call's arguments: strings, as a form holds them.
type params map[string]string

// parseParams reads a form, a query or JSON; the token stands apart from it.
func parseParams(r *http.Request) (p params, token string, err error) {
	p = params{}
	for k, v := range r.URL.Query() {
		p[k] = v[0]
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unknown type has no arguments
	r.Body = http.MaxBytesReader(nil, r.Body, maxBody)
	switch kind {
	case "application/json":
		err = p.readJSON(r.Body)
	case "application/x-www-form-urlencoded", "multipart/form-data":
		if kind == "multipart/form-data" {
			err = r.ParseMultipartForm(maxBody)
		} else {
			err = r.ParseForm()
		}
		for k, v := range r.PostForm {
			p[k] = v[0]
		}
	}
	token = p["token"]
	delete(p, "token")
	if bearer, ok := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer "); ok {
		token = bearer
	}
	return p, token, err
}

func (p params) readJSON(body io.Reader) error {
	var fields map[string]json.RawMessage
	err := json.NewDecoder(body).Decode(&fields)
	if errors.Is(err, io.EOF) {
		return nil // apps.connections.open comes so
	}
	if err != nil {
		return fail("invalid_json")
	}
	for k, v := range fields {
		var text string
		if json.Unmarshal(v, &text) == nil {
			p[k] = text
		} else {
			p[k] = string(v)
		}
	}
	return nil
}

func (p params) bool(name string) bool {
	switch strings.ToLower(p[name]) {
	case "true", "1", "t":
		return true
	}
	return false
}

// off tells whether the argument says no, and does not merely say nothing.
func (p params) off(name string) bool { return p[name] != "" && !p.bool(name) }

// number is an argument from 1 to most; absent or wrong, it is fallback.
func (p params) number(name string, fallback, most int) int {
	n, err := strconv.Atoi(p[name])
	if err != nil || n < 1 {
		return fallback
	}
	return min(n, most)
}
