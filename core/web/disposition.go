package web

import (
	"net/url"
	"strings"
)

// disposition makes a browser save a file under its name, in the two forms that
// RFC 6266 knows: plain for old programs, encoded for all letters.
func disposition(name string) string {
	plain := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' || strings.ContainsRune(`"\%;`, r) {
			return '_'
		}
		return r
	}, name)
	encoded := strings.ReplaceAll(url.QueryEscape(name), "+", "%20")
	return `attachment; filename="` + plain + `"; filename*=UTF-8''` + encoded
}
