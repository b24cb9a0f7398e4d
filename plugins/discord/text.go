package main

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// format is what Discord takes: 2000 code points with the escapes; the rest is for
// the marks of styles.
var format = kit.Format{Text: 1900, Caption: 1900, Name: 100, Measure: measure, Replies: true, IsUser: userID.MatchString}

var userID = regexp.MustCompile(`^[0-9]{15,20}$`)

// measure counts each rune as the most that it becomes in escape: an escape before
// it, marks around each line, angle brackets around a URL, which has one colon.
func measure(s string) int {
	n := 0
	for _, r := range s {
		switch {
		case r == ':' || r == '\n':
			n += 3
		case strings.ContainsRune(special+atLineStart+".", r):
			n += 2
		default:
			n++
		}
	}
	return n
}

// textOf writes the text as Discord's markdown: only the styles format it, and
// nothing that anybody typed calls, links or formats.
func textOf(t kit.Text) string {
	var b strings.Builder
	for _, r := range t {
		b.WriteString(styled(r))
	}
	return strings.TrimSpace(b.String())
}

var marks = map[kit.Style]string{kit.Bold: "**", kit.Italic: "*"}

// styled puts the style's marks around each line: they do not reach across lines,
// nor hold beside white space.
func styled(r kit.Run) string {
	if r.Style == kit.Call {
		return "<@" + r.Text + ">"
	}
	mark, ok := marks[r.Style]
	if !ok {
		return escape(r.Text)
	}
	lines := strings.Split(r.Text, "\n")
	for i, line := range lines {
		words := strings.TrimSpace(line)
		if words == "" {
			continue
		}
		if slices.ContainsFunc(address.FindAllString(words, -1), func(link string) bool { return strings.Contains(link, "*") }) {
			lines[i] = escape(line) // the star would end the style
			continue
		}
		before, after, _ := strings.Cut(line, words)
		lines[i] = before + mark + escape(words) + mark + after
	}
	return strings.Join(lines, "\n")
}

const (
	// special begins or ends markup wherever it stands, atLineStart there alone.
	special     = "\\*_~`|<[]@"
	atLineStart = "#-+>"
)

var (
	address = regexp.MustCompile(`https?://[^\s<>]+`)
	// shortcode is what a client shows as an emoji.
	shortcode = regexp.MustCompile(`^:[a-zA-Z0-9_+-]+:`)
)

// escape makes Discord show s as it is. URLs, which an escape inside would break,
// go into angle brackets.
func escape(s string) string {
	var b strings.Builder
	for s != "" {
		at := address.FindStringIndex(s)
		if at == nil {
			break
		}
		link := withoutTail(s[at[0]:at[1]])
		b.WriteString(escapeWords(s[:at[0]]))
		b.WriteString("<" + link + ">")
		s = s[at[0]+len(link):]
	}
	b.WriteString(escapeWords(s))
	return b.String()
}

// withoutTail leaves out what ends the sentence, not the URL.
func withoutTail(link string) string {
	for {
		short := strings.TrimRight(link, ".,;:!?'\"*_~|`]}\\")
		if strings.HasSuffix(short, ")") && strings.Count(short, "(") < strings.Count(short, ")") {
			short = short[:len(short)-1]
		}
		if short == link || strings.HasSuffix(short, "//") {
			return link
		}
		link = short
	}
}

func escapeWords(s string) string {
	var b strings.Builder
	start, number := true, false // nothing but white space, or digits, in the line so far
	for i, r := range s {
		switch {
		case strings.ContainsRune(special, r), r == ':' && shortcode.MatchString(s[i:]), start && strings.ContainsRune(atLineStart, r), number && r == '.':
			b.WriteByte('\\')
		}
		b.WriteRune(r)
		digit := r >= '0' && r <= '9'
		number = digit && (start || number)
		start = r == '\n' || start && unicode.IsSpace(r)
	}
	return b.String()
}
