package main

import (
	"context"
	"regexp"
	"strings"
	"unicode"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// format is what every Mattermost server takes, in code points with the escapes; newer
// ones take four times as much.
var format = kit.Format{Text: 3800, Caption: 3800, Measure: measure, IsUser: idForm.MatchString}

const (
	// What begins or ends markup wherever it stands, and at the start of a line alone.
	special     = "`*_|>[]{}!#~"
	atLineStart = "-+"
	// What calls somebody, shows a symbol, links or escapes with what follows it: it does
	// none of that when nothing follows.
	calling = "@#:~<&\\="
	nothing = "\u200b" // a space without width
)

// measure counts each rune as the most that it becomes.
func measure(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == '\n':
			n += 7 // the marks of a style on both sides, and nothing
		case strings.ContainsRune(special+atLineStart+calling+".", r):
			n += 3
		default:
			n++
		}
	}
	return n
}

// write writes the text as Mattermost's markdown: only the styles format it, and nothing
// that anybody typed calls, links or formats.
func (c *client) write(ctx context.Context, t kit.Text) string {
	var b strings.Builder
	for _, r := range t {
		if r.Style != kit.Call {
			b.WriteString(styled(r))
		} else if u := c.userOf(ctx, r.Text); u.Username != "" {
			b.WriteString("@" + u.Username)
		}
	}
	return strings.TrimSpace(b.String())
}

var marks = map[kit.Style]string{kit.Bold: "**", kit.Italic: "_"}

// styled puts the style's marks around the words of each line: they do not reach across
// lines, nor hold beside white space.
func styled(r kit.Run) string {
	mark, ok := marks[r.Style]
	if !ok {
		return escape(r.Text)
	}
	lines := strings.Split(r.Text, "\n")
	for i, line := range lines {
		if words := strings.TrimSpace(line); words != "" {
			before, after, _ := strings.Cut(line, words)
			lines[i] = before + mark + escape(words) + mark + after
		}
	}
	return strings.Join(lines, "\n")
}

// address is shown as a link.
var address = regexp.MustCompile(`https?://[^\s<>\\` + "`" + `]*[^\s<>\\.,:;!?'"*_~()\[\]` + "`" + `]`)

// escape makes text of what anybody typed. An address stands in brackets, which end it:
// an escape would be a part of it.
func escape(s string) string {
	var b strings.Builder
	for {
		at := address.FindStringIndex(s)
		if at == nil {
			b.WriteString(escapeWords(s))
			return b.String()
		}
		link := strings.ReplaceAll(s[at[0]:at[1]], "@", "%40") // it leads to the same place, and calls nobody
		b.WriteString(escapeWords(s[:at[0]]) + "<" + link + ">")
		s = s[at[1]:]
	}
}

func escapeWords(s string) string {
	var b strings.Builder
	start, digits := true, false // nothing but white space, or digits, in the line so far
	for i, r := range s {
		if start && (r == ' ' || r == '\t') && (i == 0 || s[i-1] == '\n') {
			b.WriteString(nothing) // with four of them it would be code
		}
		if strings.ContainsRune(special, r) || start && strings.ContainsRune(atLineStart, r) || digits && r == '.' {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		if strings.ContainsRune(calling, r) {
			b.WriteString(nothing)
		}
		digits = unicode.IsDigit(r) && (start || digits)
		start = r == '\n' || start && unicode.IsSpace(r)
	}
	return b.String()
}
