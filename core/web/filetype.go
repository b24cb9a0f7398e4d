package web

import (
	"strings"

	"github.com/gabriel-vasile/mimetype"

	"github.com/pocketping/pocketping/core"
)

const anyType = "application/octet-stream"

// welcomeTypes are kept as what they are: the beginnings of types and whole ones.
var welcomeTypes = []string{
	"image/", "audio/", "video/", "application/pdf", "text/plain", "text/csv", "text/tab-separated-values", "text/rtf",
	"text/calendar", "text/vcard", "application/json", "application/x-ndjson", "application/zip", "application/gzip",
	"application/x-7z-compressed", "application/x-rar-compressed", "application/x-tar", "application/x-xz", "application/zstd",
	"application/x-bzip2", "application/epub+zip", "application/vnd.openxmlformats-officedocument.",
	"application/vnd.oasis.opendocument.", "application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
	"application/vnd.ms-outlook", "application/x-ole-storage", "application/ogg",
}

// tamedTypes are code to a browser or an interpreter: kept as bytes of no type.
var tamedTypes = []string{"text/html", "text/xml", "application/xml", "image/svg+xml", "application/xhtml+xml", "text/javascript", "application/javascript"}

// typeOf is the type of a file that begins so, if it is among those that are taken.
func (s *Server) typeOf(head []byte) (string, error) {
	kind, err := typeOf(head)
	if err != nil || len(s.set.Load().Types) == 0 {
		return kind, err
	}
	for _, t := range s.set.Load().Types {
		if all, ok := strings.CutSuffix(t, "*"); kind == t || ok && strings.HasPrefix(kind, all) {
			return kind, nil
		}
	}
	return "", core.Errorf(core.CodeInvalid, "files of this type (%s) are not taken here, but %s", kind, strings.Join(s.set.Load().Types, ", "))
}

// typeOf is the type of a file that begins so, whatever it claims to be.
func typeOf(head []byte) (string, error) {
	sniffed := mimetype.Detect(head)
	kind, _, _ := strings.Cut(sniffed.String(), ";")
	for m := sniffed; m != nil; m = m.Parent() {
		for _, t := range tamedTypes {
			if m.Is(t) {
				return anyType, nil
			}
		}
	}
	for _, t := range welcomeTypes {
		if kind == t || (strings.HasSuffix(t, "/") || strings.HasSuffix(t, ".")) && strings.HasPrefix(kind, t) {
			return kind, nil
		}
	}
	if sniffed.Is("text/plain") || hasParent(sniffed, "text/plain") {
		return "text/plain", nil // source code and the like
	}
	return "", core.Errorf(core.CodeInvalid, "files of this type (%s) are not taken here: send a picture, a document, a zip, a sound or a film", kind)
}

func hasParent(m *mimetype.MIME, kind string) bool {
	for p := m.Parent(); p != nil; p = p.Parent() {
		if p.Is(kind) {
			return true
		}
	}
	return false
}
