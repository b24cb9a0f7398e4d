package discordtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
)

// form is a body's JSON object. A member that is null is as good as absent.
type form obj

// upload is a file of a multipart body.
type upload struct {
	index string // n of files[n]
	file  File
}

const requestMax = 25 << 20 // bytes

// readBody reads JSON or multipart with payload_json. An error that is no
// apiError means that the body did not arrive.
func (c *call) readBody() error {
	b, err := io.ReadAll(http.MaxBytesReader(nil, c.r.Body, requestMax))
	var large *http.MaxBytesError
	switch {
	case errors.As(err, &large):
		return errTooLarge
	case err != nil:
		return err
	}
	kind, params, _ := mime.ParseMediaType(c.r.Header.Get("Content-Type"))
	switch {
	case len(b) == 0:
		return nil
	case kind == "multipart/form-data":
		return c.readParts(multipart.NewReader(bytes.NewReader(b), params["boundary"]))
	case kind != "application/json":
		return &apiError{status: 400, code: 50035, message: "Invalid Form Body"}
	}
	return c.readJSON(b)
}

func (c *call) readJSON(b []byte) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if d.Decode(&c.body) != nil {
		return errJSON
	}
	return nil
}

func (c *call) readParts(parts *multipart.Reader) error {
	for {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return &apiError{status: 400, code: 50035, message: "Invalid Form Body"}
		}
		data, err := io.ReadAll(part)
		if err != nil {
			return err
		}
		name := part.FormName()
		switch index, ok := strings.CutPrefix(name, "files["); {
		case name == "payload_json":
			if err := c.readJSON(data); err != nil {
				return err
			}
		case ok || name == "file":
			if int64(len(data)) > c.settings.uploadMax {
				return errTooLarge
			}
			c.files = append(c.files, upload{strings.TrimSuffix(index, "]"), File{
				Name: part.FileName(), Type: typeOf(part.FileName(), part.Header.Get("Content-Type")), Data: data,
			}})
		}
	}
}

// typeOf believes the part, unless it says nothing.
func typeOf(name, declared string) string {
	if declared != "" && declared != "application/octet-stream" {
		return declared
	}
	return mime.TypeByExtension(filepath.Ext(name))
}

func (f form) has(key string) bool { return f[key] != nil }

func (f form) text(key string) string {
	text, _ := f[key].(string)
	return text
}

func (f form) bool(key string) bool {
	on, _ := f[key].(bool)
	return on
}

func (f form) int(key string) int {
	switch v := f[key].(type) {
	case json.Number:
		n, err := strconv.Atoi(v.String())
		if err == nil {
			return n
		}
	case string:
		n, err := strconv.Atoi(v)
		if err == nil {
			return n
		}
	}
	return 0
}

// id is a snowflake, written as a string or as a number.
func (f form) id(key string) string {
	if n, ok := f[key].(json.Number); ok {
		return n.String()
	}
	return f.text(key)
}

func (f form) form(key string) form {
	inner, _ := f[key].(map[string]any)
	return inner
}

func (f form) list(key string) []any {
	list, _ := f[key].([]any)
	return list
}

func (f form) ids(key string) []string {
	var ids []string
	for _, v := range f.list(key) {
		switch v := v.(type) {
		case string:
			ids = append(ids, v)
		case json.Number:
			ids = append(ids, v.String())
		}
	}
	return ids
}
