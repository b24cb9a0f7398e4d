package main

import (
	"embed"
	"io/fs"
	"net/http"
	"regexp"
	"strings"
)

//go:embed web
var web embed.FS

// pagePolicy lets the page load and call nothing but itself.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; " +
	"connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'"

// routes are relative to wherever the core serves the bridge: it takes its own
// prefix away and lets only signed-in operators in.
func (b *bridge) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, h func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			err := plainIDs(r)
			if err == nil {
				err = h(w, r)
			}
			if err != nil {
				b.fail(w, r, err)
			}
		})
	}
	handle("GET /api/me", b.getMe)
	handle("GET /api/sessions", b.getSessions)
	handle("GET /api/sessions/{id}", b.getSession)
	handle("GET /api/sessions/{id}/messages", b.getMessages)
	handle("GET /api/events", b.getEvents)
	handle("GET /api/files/{id}", b.getFile)
	handle("POST /api/files", guard(uploadType, b.postFile))

	handle("POST /api/sessions/{id}/messages", guard(jsonType, b.postMessage))
	handle("PATCH /api/sessions/{id}/messages/{message}", guard(jsonType, b.patchMessage))
	handle("DELETE /api/sessions/{id}/messages/{message}", guard(jsonType, b.deleteMessage))
	handle("POST /api/sessions/{id}/close", guard(jsonType, b.postClose))
	handle("POST /api/sessions/{id}/reopen", guard(jsonType, b.postReopen))
	handle("POST /api/sessions/{id}/typing", guard(jsonType, b.postTyping))
	handle("POST /api/sessions/{id}/read", guard(jsonType, b.postRead))
	handle("/api/", func(http.ResponseWriter, *http.Request) error {
		return &problem{http.StatusNotFound, "not_found", "there is no such call; reload the page, it may be older than the server"}
	})

	files, err := fs.Sub(web, "web")
	if err != nil {
		panic(err) // the folder is compiled in
	}
	mux.Handle("/", revalidate(http.FileServerFS(files)))
	return secure(mux)
}

var plainID = regexp.MustCompile(`^[A-Za-z0-9_-]{0,80}$`)

// plainIDs refuses ids that could be more than an id in an address.
func plainIDs(r *http.Request) error {
	if plainID.MatchString(r.PathValue("id")) && plainID.MatchString(r.PathValue("message")) {
		return nil
	}
	return &problem{http.StatusNotFound, "not_found", "there is no such id"}
}

// secure sets the headers that every answer has.
func secure(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", pagePolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cache-Control", "no-store")
		next.ServeHTTP(w, r)
	})
}

// revalidate lets a browser keep the page's parts for the day, but only as long
// as this build serves the same ones.
func revalidate(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/index.html") {
			http.NotFound(w, r) // FileServer would redirect, and not know the prefix
			return
		}
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", webTag)
		if r.Header.Get("If-None-Match") == webTag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		next.ServeHTTP(w, r)
	})
}
