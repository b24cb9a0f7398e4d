package certs

import (
	"encoding/json"
	"net/http"
)

// Redirect sends browsers on to the same page at url, whatever host they asked for. A
// call is refused instead: it would work for ever, and send its key in the clear first.
func Redirect(url string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("X-Content-Type-Options", "nosniff")
		reads := r.Method == http.MethodGet || r.Method == http.MethodHead
		if reads && r.Header.Get("Authorization") == "" {
			http.Redirect(w, r, url+r.URL.RequestURI(), http.StatusPermanentRedirect)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		var body struct {
			Error struct {
				Code    string `json:"code"`
				Message string `json:"message"`
			} `json:"error"`
		}
		body.Error.Code = "forbidden"
		body.Error.Message = "call " + url + " instead: what was sent with this call could be read on the way, so make another key if there was one in it"
		_ = json.NewEncoder(w).Encode(body) // who asked is gone
	})
}
