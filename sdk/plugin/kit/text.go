package kit

import "strings"

// Style is how a run of text looks.
type Style int

// The styles that every platform has in some form.
const (
	Plain Style = iota
	Bold
	Italic
	// Call mentions an operator: the run's text is their id on the platform. Only the core
	// says whom, never what somebody typed; see Format.IsUser.
	Call
)

// Run is a piece of text in one style.
type Run struct {
	Style Style
	Text  string
}

// Text is what a message says: words in styles, not the marks by which a platform
// writes them. What strangers typed in it is never markup.
type Text []Run

// Words is plain text.
func Words(s string) Text { return Text{}.With(Plain, s) }

// With is the text followed by more; the text itself stays as it is.
func (t Text) With(style Style, s string) Text {
	if s == "" {
		return t
	}
	return append(t[:len(t):len(t)], Run{style, s})
}

// String is the text without its styles, and without whom it calls.
func (t Text) String() string {
	var b strings.Builder
	for _, r := range t {
		if r.Style != Call {
			b.WriteString(r.Text)
		}
	}
	return b.String()
}

// Split cuts the text into messages of at most limit, as measure counts a run as
// the platform takes it: see the function Split. What is white space alone is left
// out, because platforms refuse it.
func (t Text) Split(limit int, measure func(string) int) []Text {
	var parts []Text
	rest := t
	for _, s := range Split(t.String(), limit, measure) {
		var part Text
		part, rest = rest.cut(len(s))
		if strings.TrimSpace(s) != "" {
			parts = append(parts, part)
		}
	}
	return parts
}

// cut divides the text after n bytes.
func (t Text) cut(n int) (before, after Text) {
	for i, r := range t {
		if n < len(r.Text) {
			return before.With(r.Style, r.Text[:n]), append(Text{{r.Style, r.Text[n:]}}, t[i+1:]...)
		}
		before = append(before, r)
		n -= len(r.Text)
	}
	return before, nil
}
