package main

import (
	"slices"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// consent is what a visitor must have said before anything is told of them. The zero
// value asks for nothing.
type consent struct {
	key   string
	value string // empty: any word for yes
}

func consentOf(text string) consent {
	key, value, _ := strings.Cut(text, "=")
	return consent{strings.TrimSpace(key), strings.TrimSpace(value)}
}

var yes = []string{"true", "yes", "1", "on", "granted"}

// How the core hands over what a visitor whose identity is signed only says: nobody
// has signed it.
const (
	claimed    = "claimed "
	unverified = " (unverified)"
)

// given reports whether the visitor agrees: by a trait, signed or not, or else by what
// the session came with.
func (c consent) given(s *plugin.Session) bool {
	if c.key == "" {
		return true
	}
	said, ok := s.Visitor.Traits[c.key]
	if !ok {
		said, ok = s.Visitor.Traits[claimed+c.key]
	}
	if !ok {
		said = s.Metadata[c.key]
	}
	said = strings.TrimSpace(strings.TrimSuffix(said, unverified))
	if c.value != "" {
		return said == c.value
	}
	return slices.Contains(yes, strings.ToLower(said))
}
