package telegramtest

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

const (
	maxUpload   = 50 << 20
	maxPhoto    = 10 << 20
	maxDownload = 20 << 20
	maxField    = 1 << 20
)

// Upload is a file that came with a request.
type Upload struct {
	Name string
	Data []byte
}

// params are a request's parameters: strings, as Telegram reads them.
type params struct {
	values  map[string]string
	uploads map[string]Upload
}

// parseParams reads a request in any of the encodings that the Bot API takes.
func parseParams(r *http.Request) (params, error) {
	p := params{values: map[string]string{}, uploads: map[string]Upload{}}
	for k, v := range r.URL.Query() {
		p.values[k] = v[0]
	}
	kind, _, _ := mime.ParseMediaType(r.Header.Get("Content-Type")) // an unknown type has no parameters
	switch kind {
	case "multipart/form-data":
		return p, p.readMultipart(r)
	case "application/json":
		return p, p.readJSON(r.Body)
	case "application/x-www-form-urlencoded":
		if err := r.ParseForm(); err != nil {
			return p, badRequest("can't parse the form: %v", err)
		}
		for k, v := range r.PostForm {
			p.values[k] = v[0]
		}
	}
	return p, nil
}

func (p params) readMultipart(r *http.Request) error {
	reader, err := r.MultipartReader()
	if err != nil {
		return badRequest("can't parse the multipart body: %v", err)
	}
	for n := 0; ; n++ {
		part, err := reader.NextPart()
		if errors.Is(err, io.EOF) && (n == 0 || err == io.EOF) { // a wrapped EOF is a cut body
			return nil // the library sends calls without parameters as zero bytes
		}
		if err != nil {
			return err
		}
		name, limit := part.FormName(), int64(maxField)
		if part.FileName() != "" {
			limit = maxUpload
		}
		data, err := io.ReadAll(io.LimitReader(part, limit+1))
		if err != nil {
			return err
		}
		if int64(len(data)) > limit {
			return &Error{Code: http.StatusRequestEntityTooLarge, Description: "Request Entity Too Large"}
		}
		if part.FileName() != "" {
			p.uploads[name] = Upload{part.FileName(), data}
		} else {
			p.values[name] = string(data)
		}
	}
}

func (p params) readJSON(body io.Reader) error {
	var fields map[string]json.RawMessage
	err := json.NewDecoder(body).Decode(&fields)
	if errors.Is(err, io.EOF) {
		return nil
	}
	if err != nil {
		return badRequest("can't parse JSON object")
	}
	for k, raw := range fields {
		var text string
		if json.Unmarshal(raw, &text) == nil {
			p.values[k] = text
		} else if string(raw) != "null" {
			p.values[k] = string(raw)
		}
	}
	return nil
}

func (p params) text(name string) string { return p.values[name] }

func (p params) int(name string) int64 {
	n, _ := strconv.ParseInt(strings.TrimSpace(p.values[name]), 10, 64) // the real server reads 0 too
	return n
}

func (p params) bool(name string) bool {
	switch strings.ToLower(strings.TrimSpace(p.values[name])) {
	case "true", "yes", "1":
		return true
	}
	return false
}

// json reads a parameter that is an object or an array; absent leaves dest.
func (p params) json(name string, dest any) error {
	raw := p.values[name]
	if raw == "" {
		return nil
	}
	if err := json.Unmarshal([]byte(raw), dest); err != nil {
		return badRequest("can't parse %s JSON object", strings.ReplaceAll(name, "_", " "))
	}
	return nil
}
