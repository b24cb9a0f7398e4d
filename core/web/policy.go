package web

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
)

// hashOf is the source expression of a content security policy for the page's one
// inline element of the name.
func hashOf(page []byte, element string) string {
	_, rest, _ := bytes.Cut(page, []byte("<"+element+">"))
	body, _, found := bytes.Cut(rest, []byte("</"+element+">"))
	if !found {
		panic("the page has no <" + element + ">") // it is compiled in
	}
	sum := sha256.Sum256(body)
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}
