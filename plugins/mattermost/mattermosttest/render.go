package mattermosttest

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Rendered is what people see of a text.
type Rendered struct {
	Text    string
	Links   []string
	Markup  []string // what formats, links or draws something: "**", "_", "#", …
	Symbols []string // such as :smile:
}

var (
	escaped  = regexp.MustCompile("^\\\\[`*{}\\[\\]()#+\\-.!_>|~]")
	autolink = regexp.MustCompile(`^<(https?://[^ <>]+)>`)
	symbol   = regexp.MustCompile(`:[a-z0-9_+-]+:`)
	block    = regexp.MustCompile("(?m)^(?: {4}|\t| {0,3}(?:#{1,6} |>|[-+*] |\\d+[.] |```|[-=]{2,} *$))")
	inline   = regexp.MustCompile("^(?:\\*\\*|_|\\*|~~|`+|!?\\[|<[a-zA-Z/!?]|&#?\\w+;|\\|)")
	tag      = regexp.MustCompile(`(?:^|\s)[#~][\p{L}a-z]`)
)

// Render shows a text as Mattermost's clients do: escapes and spaces without width are
// not seen.
func Render(text string) (r Rendered) {
	for _, found := range block.FindAllString(text, -1) {
		r.Markup = append(r.Markup, strings.TrimSpace(found))
	}
	var b strings.Builder
	for text != "" {
		switch link, mark := autolink.FindStringSubmatch(text), inline.FindString(text); {
		case escaped.MatchString(text):
			b.WriteByte(text[1])
			text = text[2:]
		case link != nil:
			r.Links = append(r.Links, link[1])
			b.WriteString(link[1])
			text = text[len(link[0]):]
		case mark == "**" || mark == "_":
			r.Markup = append(r.Markup, mark)
			text = text[len(mark):]
		case mark != "":
			r.Markup = append(r.Markup, mark)
			fallthrough
		default:
			_, size := utf8.DecodeRuneInString(text)
			b.WriteString(text[:size])
			text = text[size:]
		}
	}
	words := b.String()
	r.Symbols = append(symbol.FindAllString(words, -1), tag.FindAllString(words, -1)...)
	r.Text = strings.ReplaceAll(words, "\u200b", "")
	return r
}

// mentions are whom a text calls: everybody by @all, @channel and @here, and who is there
// by @username, wherever it stands. It needs s.mu.
func (s *Server) mentions(text string) (called []string) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool {
		return !strings.ContainsRune(":.-_@", r) && !unicode.IsLetter(r) && !unicode.IsNumber(r)
	}) {
		_, name, found := strings.Cut(word, "@")
		if name = strings.ToLower(strings.TrimRight(name, ".-_:")); !found {
			continue
		}
		switch name {
		case "all", "channel", "here":
			called = append(called, "@"+name)
		}
		for _, u := range s.users {
			if u.Username == name {
				called = append(called, "@"+name)
			}
		}
	}
	return called
}

// Mentions are whom a text calls.
func (s *Server) Mentions(text string) []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.mentions(text)
}
