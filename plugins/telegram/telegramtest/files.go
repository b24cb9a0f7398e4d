package telegramtest

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

const linkLasts = time.Hour

// stored is a file on Telegram's side, with its download path once asked for.
type stored struct {
	file  *File
	path  string
	until time.Time
}

// keep gives the file its id.
func (s *Server) keep(f *File) *File {
	s.nextFile++
	f.ID = fmt.Sprintf("FILE%06d", s.nextFile)
	if f.Size == 0 {
		f.Size = int64(len(f.Data))
	}
	s.files[f.ID] = &stored{file: f, path: fmt.Sprintf("%ss/file_%d", f.Kind, s.nextFile)}
	return f
}

func (c *call) getFile() (any, error) {
	id := c.text("file_id")
	kept := c.files[strings.TrimSuffix(id, "-small")]
	switch {
	case kept == nil:
		return nil, badRequest("wrong file_id or the file is temporarily unavailable")
	case kept.file.Size > maxDownload:
		return nil, badRequest("file is too big")
	}
	kept.until = c.clock.Now().Add(linkLasts)
	return obj{"file_id": id, "file_unique_id": "u" + id, "file_size": kept.file.Size, "file_path": kept.path}, nil
}

// serveFile answers GET /file/bot<token>/<path>.
func (s *Server) serveFile(w http.ResponseWriter, rest string) {
	token, path, _ := strings.Cut(rest, "/")
	if !s.knows(token) {
		writeError(w, &Error{Code: http.StatusUnauthorized, Description: "Unauthorized"})
		return
	}
	if f := s.faultFor("file", ""); f.Status != 0 {
		writeError(w, &Error{Code: f.Status, Description: http.StatusText(f.Status)})
		return
	}
	data, ok := s.download(path)
	if !ok {
		writeError(w, &Error{Code: http.StatusNotFound, Description: "Not Found"})
		return
	}
	w.Header().Set("Content-Type", "application/octet-stream")
	_, _ = w.Write(data) // the caller has gone when it fails
}

func (s *Server) download(path string) ([]byte, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, kept := range s.files {
		if kept.path == path && s.clock.Now().Before(kept.until) {
			return kept.file.Data, true
		}
	}
	return nil, false
}
