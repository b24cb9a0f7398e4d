package kit

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"
)

// A name is one line of at most this many clusters; clusters can be long, so the
// code points are bounded too.
const (
	maxNameClusters = 60
	maxNameRunes    = 240
)

// Clean makes text fit for a platform: valid UTF-8, lines that end in \n, no
// control characters but \n and \t. It may be empty afterwards, which platforms
// refuse: send a placeholder then.
func Clean(text string) string {
	text = strings.ToValidUTF8(text, "\uFFFD")
	text = strings.ReplaceAll(text, "\r\n", "\n")
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return r
		case r == '\r':
			return '\n'
		case unicode.IsControl(r):
			return -1
		}
		return r
	}, text)
}

// CleanName makes a name one short line that cannot turn the text around it: no
// control characters, no bidirectional overrides, at most 60 clusters. It may be
// empty afterwards.
func CleanName(name string) string {
	name = strings.Map(func(r rune) rune {
		if isBidi(r) {
			return -1
		}
		return r
	}, Clean(name))
	return shorten(strings.Join(strings.Fields(name), " "), maxNameClusters, maxNameRunes)
}

func isBidi(r rune) bool {
	return r >= 0x202A && r <= 0x202E || r >= 0x2066 && r <= 0x2069 || r == 0x200E || r == 0x200F || r == 0x061C
}

// shorten cuts text to so many clusters and code points; the last cluster is "…"
// when something was cut.
func shorten(text string, clusters, runes int) string {
	keep, count, size := 0, 0, 0 // keep: bytes that leave room for the ellipsis
	rest, state := text, -1
	for rest != "" {
		var cluster string
		cluster, rest, _, state = uniseg.FirstGraphemeClusterInString(rest, state)
		count, size = count+1, size+CodePoints(cluster)
		if count > clusters || size > runes {
			return strings.TrimRight(text[:keep], " ") + "…"
		}
		if count < clusters && size < runes {
			keep = len(text) - len(rest)
		}
	}
	return text
}
