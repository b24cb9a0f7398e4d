package slacktest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

const (
	uploadPath   = "/upload/v1/"
	downloadPath = "/files-pri/"
	maxUpload    = 1 << 30
)

// stored is a file of the workspace.
type stored struct {
	File
	created int64
	key     string // of its upload; "" when it was none
	length  int    // that was announced
	arrived bool
	shared  bool // step 3 was made
	shares  []*Message
}

// keep gives a file its id and stores it. It needs s.mu.
func (s *Server) keep(f File) *File {
	f.ID = s.nextID("F")
	if f.Title == "" {
		f.Title = f.Name
	}
	kept := &stored{File: f, created: s.clock.Now().Unix()}
	s.files[f.ID] = kept
	return &kept.File
}

func (c *call) getUploadURL() (obj, error) {
	length, err := strconv.Atoi(c.params["length"])
	switch {
	case c.params["filename"] == "" || err != nil || length <= 0:
		return nil, fail("invalid_arguments")
	case length > maxUpload:
		return nil, fail("file_upload_size_restricted")
	}
	f := c.files[c.keep(File{Name: c.params["filename"], User: c.BotUser}).ID]
	f.key, f.length = c.nextID("upload-"), length
	f.Type = mime.TypeByExtension(strings.ToLower(path.Ext(f.Name)))
	return obj{"upload_url": c.base() + uploadPath + f.key, "file_id": f.ID}, nil
}

// serveFiles is one of the two ways of bytes, with its faults.
func (s *Server) serveFiles(w http.ResponseWriter, r *http.Request, name string, do func(http.ResponseWriter, *http.Request) *Error) {
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	entry := s.record(name, params{"path": r.URL.Path}, s.kindOf(bearer))
	f := s.faultFor(name, "")
	if !f.After {
		simulator.Delay(s.clock, r, f.Delay, s.closed)
	}
	if f.Drop == DropBefore {
		s.hangUp(w, entry)
		return
	}
	if f.answers() && !f.After {
		s.answerFault(w, &call{s, params{}, entry}, f)
		return
	}
	out := w
	if f.Drop == DropAfter || f.answers() {
		out = nowhere{}
	}
	refused := do(out, r)
	s.update(func() { entry.Performed = refused == nil })
	if f.After {
		simulator.Delay(s.clock, r, f.Delay, s.closed)
	}
	switch {
	case f.Drop == DropAfter:
		s.hangUp(w, entry)
	case f.answers():
		s.answerFault(w, &call{s, params{}, entry}, f)
	default:
		s.finish(entry, http.StatusOK, refused)
	}
}

// nowhere swallows an answer that a fault replaces.
type nowhere struct{}

func (nowhere) Header() http.Header         { return http.Header{} }
func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) WriteHeader(int)             {}

// upload takes a file's bytes, raw or in a form.
func (s *Server) upload(w http.ResponseWriter, r *http.Request) *Error {
	f := s.uploadOf(strings.TrimPrefix(r.URL.Path, uploadPath))
	if f == nil {
		http.Error(w, "no such upload", http.StatusNotFound)
		return &Error{Code: "not_found"}
	}
	data, err := uploaded(r)
	if err != nil || len(data) != f.length {
		http.Error(w, fmt.Sprintf("%d bytes were announced, %d came", f.length, len(data)), http.StatusBadRequest)
		return &Error{Code: "length_mismatch"}
	}
	s.update(func() { f.Data, f.arrived = data, true })
	fmt.Fprintf(w, "OK - %d", len(data))
	return nil
}

func (s *Server) uploadOf(key string) *stored {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range s.files {
		if f.key == key && key != "" {
			return f
		}
	}
	return nil
}

// uploaded is the body, or the first file of a form. What follows that file is
// not read: libraries end a form twice.
func uploaded(r *http.Request) ([]byte, error) {
	kind, args, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unknown type is the bytes themselves
	if kind != "multipart/form-data" {
		return io.ReadAll(r.Body)
	}
	for reader := multipart.NewReader(r.Body, args["boundary"]); ; {
		part, err := reader.NextPart()
		if err != nil {
			return nil, errors.New("the form has no file")
		}
		if part.FileName() != "" || part.FormName() == "file" {
			data, err := io.ReadAll(part)
			_, _ = io.Copy(io.Discard, r.Body) // so that the connection lives on
			return data, err
		}
	}
}

// loginPage is what a download shows to whoever has not the right token.
const loginPage = "<!DOCTYPE html><html><head><title>Slack</title></head><body>Sign in to Acme</body></html>"

func (s *Server) download(w http.ResponseWriter, r *http.Request) *Error {
	name, _, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, downloadPath), "/")
	_, id, _ := strings.Cut(name, "-")
	s.mu.Lock()
	f := stored{}
	if kept := s.files[id]; kept != nil {
		f = *kept
	}
	bearer := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	allowed := bearer == s.BotToken && s.auth.refused == "" && (&call{Server: s}).need("files:read") == nil
	s.mu.Unlock()
	switch {
	case !allowed:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, loginPage)
		return &Error{Code: "not_allowed"}
	case f.ID == "" || f.Deleted:
		http.NotFound(w, r)
		return &Error{Code: "file_not_found"}
	}
	w.Header().Set("Content-Type", f.Type)
	http.ServeContent(w, r, f.Name, time.Unix(f.created, 0), bytes.NewReader(f.Data))
	return nil
}

// serveResponse takes what the app answers to an interaction, for one person.
func (s *Server) serveResponse(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Text   string
		Blocks json.RawMessage
	}
	to := strings.Split(strings.TrimPrefix(r.URL.Path, responsePath), "/")
	if len(to) != 4 || json.NewDecoder(r.Body).Decode(&body) != nil {
		http.Error(w, "invalid_payload", http.StatusBadRequest)
		return
	}
	s.update(func() {
		s.whisper(&Message{Channel: to[0], To: to[1], Thread: to[2], Text: body.Text, Blocks: body.Blocks, Own: true, BotID: s.BotID, AppID: s.AppID})
	})
	fmt.Fprint(w, "ok")
}

const responsePath = "/response/"

// responseURL is where the app may answer an interaction. It needs s.mu.
func (s *Server) responseURL(channel, user, thread string) string {
	return s.base() + responsePath + strings.Join([]string{channel, user, thread, s.nextID("")}, "/")
}
