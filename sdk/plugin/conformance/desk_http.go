package conformance

import (
	"crypto/subtle"
	"io"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// socket is the host's HTTP for one launch.
type socket struct {
	d     *desk
	addr  string
	token string
	http  *http.Server
}

// listen serves the desk at the path.
func (d *desk) listen(path string) (*socket, error) {
	lis, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	s := &socket{d: d, token: newID("token") + newID("x"), addr: lis.Addr().Network() + ":" + lis.Addr().String()}
	s.http = &http.Server{Handler: s.routes(), ReadHeaderTimeout: 10 * time.Second}
	go func() { _ = s.http.Serve(lis) }() // it ends with close
	return s, nil
}

func (s *socket) close() { _ = s.http.Close() }

func (s *socket) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /sessions", s.sessions)
	mux.HandleFunc("GET /sessions/{id}", s.session)
	mux.HandleFunc("GET /sessions/{id}/messages", s.messages)
	mux.HandleFunc("GET /threads", s.threads)
	mux.HandleFunc("GET /links", s.links)
	mux.HandleFunc("GET /files/{id}", s.getFile)
	mux.HandleFunc("POST /files", s.postFile)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		good := subtle.ConstantTimeCompare([]byte(got), []byte(s.token)) == 1
		down := false
		s.d.change(func() {
			s.d.reads++
			down = s.d.down
			if !good {
				s.d.fault("%s %s of the host's socket without the launch's token", r.Method, r.URL.Path)
			}
		})
		switch {
		case !good:
			http.Error(w, "the token is not this launch's", http.StatusUnauthorized)
		case down:
			http.Error(w, "the kit's store is busy", http.StatusServiceUnavailable)
		default:
			mux.ServeHTTP(w, r)
		}
	})
}

func answer(w http.ResponseWriter, m proto.Message) {
	body, err := protojson.Marshal(m)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(body) // a plugin that left does not read it
}

func number(r *http.Request, name string, otherwise, most int64) int64 {
	n, _ := strconv.ParseInt(r.URL.Query().Get(name), 10, 64)
	if n <= 0 {
		n = otherwise
	}
	return min(n, most)
}

const endless = 1 << 62

func (s *socket) sessions(w http.ResponseWriter, r *http.Request) {
	list := &pluginv1.SessionList{}
	s.d.mu.Lock()
	for _, t := range slices.Backward(s.d.talks) {
		status := r.URL.Query().Get("status")
		if int64(len(list.Sessions)) < number(r, "limit", 50, 200) && (status == "" || status == t.info.GetStatus()) {
			list.Sessions = append(list.Sessions, t.full())
		}
	}
	s.d.mu.Unlock()
	answer(w, list)
}

// of finds the session that the path names.
func (s *socket) of(w http.ResponseWriter, r *http.Request, read func(*talk) proto.Message) {
	s.d.mu.Lock()
	t := s.d.talk(r.PathValue("id"))
	var m proto.Message
	if t != nil {
		m = read(t)
	}
	s.d.mu.Unlock()
	if t == nil {
		http.Error(w, "no session "+r.PathValue("id")+" of this bridge", http.StatusNotFound)
		return
	}
	answer(w, m)
}

func (s *socket) session(w http.ResponseWriter, r *http.Request) {
	s.of(w, r, func(t *talk) proto.Message { return t.full() })
}

func (s *socket) messages(w http.ResponseWriter, r *http.Request) {
	s.of(w, r, func(t *talk) proto.Message {
		after, before, limit := number(r, "after", 0, endless), number(r, "before", endless, endless), number(r, "limit", 100, 1000)
		list := &pluginv1.MessageList{}
		for _, m := range t.messages {
			if m.GetSeq() > after && m.GetSeq() < before {
				list.Messages = append(list.Messages, proto.CloneOf(m))
			}
		}
		if over := len(list.Messages) - int(limit); over > 0 {
			list.HasMore = true
			if after > 0 {
				list.Messages = list.Messages[:limit]
			} else {
				list.Messages = list.Messages[over:]
			}
		}
		return list
	})
}

func (s *socket) threads(w http.ResponseWriter, r *http.Request) {
	list := &pluginv1.ThreadList{}
	s.d.mu.Lock()
	for _, t := range slices.Backward(s.d.talks) {
		status := r.URL.Query().Get("status")
		if t.thread != "" && (status == "" || status == t.info.GetStatus()) && int64(len(list.Threads)) < number(r, "limit", 50, 200) {
			list.Threads = append(list.Threads, &pluginv1.Thread{
				Id: t.thread, SessionId: t.info.GetId(), Status: t.info.GetStatus(), LastActivity: t.info.GetLastActivity(),
			})
		}
	}
	s.d.mu.Unlock()
	answer(w, list)
}

// newest puts external ids in the order of the core: as numbers, the newest first.
func newest(a, b *pluginv1.Link) int {
	if n := len(b.GetExternalId()) - len(a.GetExternalId()); n != 0 {
		return n
	}
	return strings.Compare(b.GetExternalId(), a.GetExternalId())
}

func (s *socket) links(w http.ResponseWriter, r *http.Request) {
	list := &pluginv1.LinkList{}
	s.d.mu.Lock()
	for _, l := range s.d.links {
		if l.GetThread() == r.URL.Query().Get("thread") {
			list.Links = append(list.Links, proto.CloneOf(l))
		}
	}
	s.d.mu.Unlock()
	slices.SortFunc(list.Links, newest)
	list.Links = list.Links[:min(len(list.Links), int(number(r, "limit", 100, 500)))]
	answer(w, list)
}

func (s *socket) getFile(w http.ResponseWriter, r *http.Request) {
	s.d.mu.Lock()
	f := s.d.files[r.PathValue("id")]
	s.d.mu.Unlock()
	if f == nil {
		http.Error(w, "no file "+r.PathValue("id")+" of this bridge", http.StatusNotFound)
		return
	}
	w.Header().Set("Content-Type", f.GetType())
	w.Header().Set("Content-Length", strconv.Itoa(len(f.data)))
	_, _ = w.Write(f.data)
}

// maxFile is the largest file that the desk takes.
const maxFile = 25 << 20

func (s *socket) postFile(w http.ResponseWriter, r *http.Request) {
	data, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxFile))
	if err != nil {
		http.Error(w, "the file is larger than 25 MiB, or broke off", http.StatusRequestEntityTooLarge)
		return
	}
	var a *pluginv1.Attachment
	s.d.change(func() { a = s.d.addFile(r.URL.Query().Get("name"), http.DetectContentType(data), data) })
	answer(w, a)
}

// addFile keeps a file; d.mu is held.
func (d *desk) addFile(name, kind string, data []byte) *pluginv1.Attachment {
	id := newID("att")
	a := &pluginv1.Attachment{Id: id, Name: name, Type: kind, Size: int64(len(data)), Url: "https://kit.example/v1/files/" + id + "?expires=1&signature=kit"}
	d.files[id] = &file{a, data}
	return a
}
