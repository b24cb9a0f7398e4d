package main

import (
	"bufio"
	"errors"
	"io"
	"mime"
	"net/http"
	"path"
	"slices"
	"strings"
	"unicode/utf8"
)

const (
	fileLimit   = 100 << 20 // bytes of one upload; the core's own limit is lower, unless someone raises it
	sniffLength = 512
	filePolicy  = "default-src 'none'; sandbox"
)

// shown are the types that a browser may show in place; all others, SVG and HTML
// above all, are only ever saved.
var shown = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

func (b *bridge) postFile(w http.ResponseWriter, r *http.Request) error {
	tooLarge := &problem{http.StatusRequestEntityTooLarge, "too_large", "a file can have 100 MB at most"}
	if r.ContentLength > fileLimit {
		return tooLarge
	}
	name := fileName(r.URL.Query().Get("name"))
	a, err := b.host.SaveFile(r.Context(), name, http.MaxBytesReader(w, r.Body, fileLimit))
	var large *http.MaxBytesError
	if errors.As(err, &large) {
		return tooLarge
	}
	if err != nil {
		return err
	}
	answer(w, http.StatusCreated, a)
	return nil
}

// getFile sends an attachment. What it is, is seen from its bytes; nothing that
// was claimed about it is believed.
func (b *bridge) getFile(w http.ResponseWriter, r *http.Request) error {
	f, err := b.host.OpenFile(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	defer f.Close()
	in := bufio.NewReaderSize(f, sniffLength)
	head, err := in.Peek(sniffLength)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	kind, disposition := http.DetectContentType(head), "inline"
	if !slices.Contains(shown, kind) {
		kind, disposition = uploadType, "attachment"
	}
	h := w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Disposition", mime.FormatMediaType(disposition, map[string]string{"filename": fileName(r.FormValue("name"))}))
	h.Set("Content-Security-Policy", filePolicy)
	h.Set("Cache-Control", "private, max-age=3600")
	if _, err = io.Copy(w, in); err != nil {
		panic(http.ErrAbortHandler) // half a file must not look like a whole one
	}
	return nil
}

// fileName is the last part of a name, without what no file name has.
func fileName(name string) string {
	name = path.Base(strings.ReplaceAll(name, `\`, "/"))
	name = strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == utf8.RuneError {
			return -1
		}
		return r
	}, name)
	if name == "" || name == "." || name == "/" {
		return "file"
	}
	if runes := []rune(name); len(runes) > 120 {
		name = string(runes[:120])
	}
	return name
}
