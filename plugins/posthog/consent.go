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

// given reports whether the visitor agrees: by a trait, or else by what the session
// came with.
func (c consent) given(s *plugin.Session) bool {
	if c.key == "" {
		return true
	}
	said, ok := s.Visitor.Traits[c.key]
	if !ok {
		said = s.Metadata[c.key]
	}
	said = strings.TrimSpace(said)
	if c.value != "" {
		return said == c.value
	}
	return slices.Contains(yes, strings.ToLower(said))
}
