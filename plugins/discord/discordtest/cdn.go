package discordtest

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"image"
	_ "image/gif"  // sizes of pictures
	_ "image/jpeg" // sizes of pictures
	_ "image/png"  // sizes of pictures
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

const routeCDN = "/attachments/{channel}/{attachment}/{name}"

// keep gives the file its id.
func (s *Server) keep(f File) File {
	f.ID = s.snowflake()
	s.files[f.ID] = &f
	return f
}

func (s *Server) wireFiles(m *Message) []obj {
	list := []obj{}
	for _, f := range m.Files {
		link := s.link(m.Channel, f)
		o := obj{"id": f.ID, "filename": f.Name, "size": len(f.Data), "url": link, "proxy_url": link}
		if f.Type != "" {
			o["content_type"] = f.Type
		}
		if size, _, err := image.DecodeConfig(bytes.NewReader(f.Data)); err == nil {
			o["width"], o["height"] = size.Width, size.Height
		}
		list = append(list, o)
	}
	return list
}

// link is a signed address of the file that lasts for a time.
func (s *Server) link(channel string, f File) string {
	now := s.clock.Now()
	is, ex := strconv.FormatInt(now.Unix(), 16), strconv.FormatInt(now.Add(s.settings.linksFor).Unix(), 16)
	path := "/attachments/" + channel + "/" + f.ID + "/" + url.PathEscape(f.Name)
	return s.URL + path + "?ex=" + ex + "&is=" + is + "&hm=" + s.sign(path, ex, is) + "&"
}

func (s *Server) sign(path, ex, is string) string {
	mac := hmac.New(sha256.New, s.secret[:])
	mac.Write([]byte(path + " " + ex + " " + is))
	return hex.EncodeToString(mac.Sum(nil))
}

// serveFile answers a download, when its link is ours and not too old.
func (s *Server) serveFile(w http.ResponseWriter, r *http.Request, path string) {
	entry := &Request{Method: r.Method, Path: r.URL.Path, Route: routeCDN, At: s.clock.Now()}
	s.update(func() { s.log = append(s.log, entry) })
	f := s.faultFor(entry)
	simulator.Delay(s.clock, r, f.Delay, s.closed)
	if f.Drop != DropNever {
		s.hangUp(w, entry)
		return
	}
	file := s.fileAt(path, r.URL.Query())
	status := f.Status
	switch {
	case status == 0 && file == nil:
		status = http.StatusNotFound
	case status == 0:
		status = http.StatusOK
	}
	s.finish(entry, &apiError{status: status})
	if status != http.StatusOK {
		http.Error(w, "This content is no longer available.", status)
		return
	}
	w.Header().Set("Content-Type", file.Type)
	w.Header().Set("Content-Length", strconv.Itoa(len(file.Data)))
	_, _ = w.Write(file.Data) // the caller has gone when it fails
}

func (s *Server) fileAt(path string, q url.Values) *File {
	s.mu.Lock()
	defer s.mu.Unlock()
	ex, err := strconv.ParseInt(q.Get("ex"), 16, 64)
	if err != nil || !hmac.Equal([]byte(q.Get("hm")), []byte(s.sign(path, q.Get("ex"), q.Get("is")))) || !s.clock.Now().Before(time.Unix(ex, 0)) {
		return nil
	}
	parts := strings.Split(path, "/")
	if len(parts) < 4 {
		return nil
	}
	return s.files[parts[3]]
}
