package host

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"github.com/gabriel-vasile/mimetype"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/core"
)

// sniffed bytes of a file tell its type.
const sniffed = 3072

// socket is the host's HTTP for one launch of a plugin: files both ways, and what is
// to be read.
type socket struct {
	h      *Host
	spec   *Spec
	addr   string // unix:/path or tcp:127.0.0.1:1234
	token  string
	server *http.Server
}

// listen serves a new socket in the launch's folder.
func (h *Host) listen(spec *Spec, dir string) (*socket, error) {
	lis, err := listenIn(dir)
	if err != nil {
		return nil, err
	}
	if lis.Addr().Network() == "unix" {
		if err := handTo(spec.Limits.User, lis.Addr().String()); err != nil {
			return nil, errors.Join(err, lis.Close())
		}
	}
	var token [32]byte
	_, _ = rand.Read(token[:]) // never fails since Go 1.24
	s := &socket{h: h, spec: spec, token: hex.EncodeToString(token[:]), addr: lis.Addr().Network() + ":" + lis.Addr().String()}
	s.server = &http.Server{
		Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second,
		ErrorLog: slog.NewLogLogger(h.log.Handler(), slog.LevelDebug),
	}
	go func() { _ = s.server.Serve(lis) }() // it ends with Close
	return s, nil
}

func listenIn(dir string) (net.Listener, error) {
	if runtime.GOOS == "windows" {
		return net.Listen("tcp", "127.0.0.1:0")
	}
	return net.Listen("unix", filepath.Join(dir, "host.sock"))
}

// Close ends the socket and what is under way on it.
func (s *socket) Close() error {
	if s.server == nil {
		return nil // the edge serves it
	}
	return s.server.Close()
}

func (s *socket) routes() http.Handler {
	mux := http.NewServeMux()
	handle := func(pattern string, fn func(http.ResponseWriter, *http.Request) error) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			if err := fn(w, r); err != nil {
				fail(w, err)
			}
		})
	}
	handle("GET /sessions", s.getSessions)
	handle("GET /sessions/{id}", s.getSession)
	handle("GET /sessions/{id}/messages", s.getMessages)
	handle("GET /threads", s.getThreads)
	handle("GET /links", s.getLinks)
	handle("GET /files/{id}", s.getFile)
	handle("POST /files", s.postFile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		if !core.SameSecret(got, s.token) {
			fail(w, core.Errorf(core.CodeUnauthorized, "the token is not this launch's"))
			return
		}
		mux.ServeHTTP(w, r)
	})
}

var statuses = map[core.Code]int{
	core.CodeInvalid: http.StatusBadRequest, core.CodeUnauthorized: http.StatusUnauthorized,
	core.CodeForbidden: http.StatusForbidden, core.CodeNotFound: http.StatusNotFound,
	core.CodeTooLarge: http.StatusRequestEntityTooLarge, core.CodeRateLimited: http.StatusTooManyRequests,
	core.CodeConflict: http.StatusConflict, core.CodeUnavailable: http.StatusServiceUnavailable,
}

func fail(w http.ResponseWriter, err error) {
	e := core.AsError(err)
	http.Error(w, e.Message, statuses[e.Code])
}

func answer(w http.ResponseWriter, m proto.Message) error {
	body, err := protojson.Marshal(m)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // a plugin that left does not read it
	return nil
}

func (s *socket) getFile(w http.ResponseWriter, r *http.Request) error {
	for _, project := range s.spec.projects() {
		a, body, err := s.h.o.Chat.File(r.Context(), project.ID, r.PathValue("id"))
		if core.IsCode(err, core.CodeNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		defer func() { _ = body.Close() }()
		w.Header().Set("Content-Type", a.Type)
		w.Header().Set("Content-Length", strconv.FormatInt(a.Size, 10))
		_, _ = io.Copy(w, body) // the plugin sees that it is short
		return nil
	}
	return core.Errorf(core.CodeNotFound, "no file %s of this bridge", r.PathValue("id"))
}

// postFile stores a file as the bridge's; a message that the bridge reports may
// claim it. Of several projects it goes to the first until then.
func (s *socket) postFile(w http.ResponseWriter, r *http.Request) error {
	projects := s.spec.projects()
	if len(projects) == 0 {
		return core.Errorf(core.CodeForbidden, "the bridge serves no project")
	}
	if r.ContentLength > s.h.o.MaxFile() {
		return s.tooLarge()
	}
	body := http.MaxBytesReader(w, r.Body, s.h.o.MaxFile())
	head, err := io.ReadAll(io.LimitReader(body, sniffed))
	if err != nil {
		return core.Errorf(core.CodeInvalid, "the file broke off: %v", err)
	}
	a, err := s.h.o.Chat.Attach(r.Context(), core.Upload{
		ProjectID: projects[0].ID, Owner: s.spec.ID, Name: r.URL.Query().Get("name"),
		Type: mimetype.Detect(head).String(), Body: io.MultiReader(bytes.NewReader(head), body),
	})
	if tooBig := (*http.MaxBytesError)(nil); errors.As(err, &tooBig) {
		return s.tooLarge()
	}
	if err != nil {
		return err
	}
	return answer(w, s.h.attachmentToWire(a))
}

func (s *socket) tooLarge() error {
	return core.Errorf(core.CodeTooLarge, "the file is larger than %d bytes", s.h.o.MaxFile())
}
