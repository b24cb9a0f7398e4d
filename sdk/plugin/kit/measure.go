package kit

import (
	"unicode/utf16"
	"unicode/utf8"
)

// CodePoints measures as Telegram and Discord do.
func CodePoints(s string) int { return utf8.RuneCountInString(s) }

// UTF16 measures in UTF-16 code units, as Slack and the offsets of Telegram's
// entities do.
func UTF16(s string) int {
	n := 0
	for _, r := range s {
		n += max(utf16.RuneLen(r), 1)
	}
	return n
}
