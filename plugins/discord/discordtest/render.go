package discordtest

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// Rendered is a message's content as Discord's clients show it.
type Rendered struct {
	Text     string // what people read; mentions, timestamps and custom emoji stay as they were written
	Spans    []Span // formatting, the inner before the outer
	Mentions []Mention
}

// Span is a piece of the text that is shown in another way.
type Span struct {
	// Kind is bold, italic, underline, strike, spoiler, code, codeblock, heading,
	// subtext, list, quote, link (a text with another address behind it), url (an
	// address that can be clicked), timestamp, emoji (a custom one), shortcode (as
	// :tada:) or mention.
	Kind       string
	Start, End int    // bytes of the text
	Target     string // of a link or url
}

// Mention is somebody or something that the text names.
type Mention struct {
	Kind string // user, role, channel, command, guild (a place of it), everyone or here
	ID   string // "" of everyone and here
}

// Formatting are the spans that change how the text looks or what it says: all
// but plain addresses.
func (r Rendered) Formatting() []Span {
	var spans []Span
	for _, s := range r.Spans {
		if s.Kind != "url" {
			spans = append(spans, s)
		}
	}
	return spans
}

// Plain reports whether the text shows nothing but itself and addresses.
func (r Rendered) Plain() bool { return len(r.Formatting())+len(r.Mentions) == 0 }

// Render shows a message's content as Discord's clients do.
func Render(content string) Rendered {
	p := &renderer{}
	p.parse(content, true, false)
	return Rendered{p.out.String(), p.spans, p.mentions}
}

type renderer struct {
	out      strings.Builder
	spans    []Span
	mentions []Mention
}

// parse renders src. start says that it begins a line, quoted that it is inside
// a quote already.
func (p *renderer) parse(src string, start, quoted bool) {
	for i := 0; i < len(src); {
		if start || i > 0 && src[i-1] == '\n' {
			if n := p.block(src[i:], quoted); n > 0 {
				i += n
				start = false
				continue
			}
		}
		start = false
		if n := p.inline(src[i:], quoted); n > 0 {
			i += n
			continue
		}
		_, n := utf8.DecodeRuneInString(src[i:])
		p.out.WriteString(src[i : i+n])
		i += n
	}
}

// span renders the inner text and marks what came of it.
func (p *renderer) span(kind, target, inner string, quoted bool) {
	from := p.out.Len()
	p.parse(inner, false, quoted)
	p.spans = append(p.spans, Span{kind, from, p.out.Len(), target})
}

// raw writes text that is not parsed further and marks it.
func (p *renderer) raw(kind, target, text string) {
	from := p.out.Len()
	p.out.WriteString(text)
	p.spans = append(p.spans, Span{kind, from, p.out.Len(), target})
}

var (
	headingLine = regexp.MustCompile(`^ *#{1,3}[ \t]+([^\n]*\S[^\n]*)`)
	subtextLine = regexp.MustCompile(`^ *-#[ \t]+([^\n]*\S[^\n]*)`)
	quoteRest   = regexp.MustCompile(`(?s)^ *>>> (.*)`)
	quoteLine   = regexp.MustCompile(`^ *> ([^\n]*)`)
	listLine    = regexp.MustCompile(`^( *(?:[-*+]|\d+\.) +)(\S[^\n]*)`)
)

// block renders what stands at the start of a line, and says how many bytes it
// took; 0 when there is nothing of the kind.
func (p *renderer) block(src string, quoted bool) int {
	if m := headingLine.FindStringSubmatch(src); m != nil {
		p.span("heading", "", m[1], quoted)
		return len(m[0])
	}
	if m := subtextLine.FindStringSubmatch(src); m != nil {
		p.span("subtext", "", m[1], quoted)
		return len(m[0])
	}
	if m := listLine.FindStringSubmatch(src); m != nil {
		from := p.out.Len()
		p.out.WriteString(m[1])
		p.parse(m[2], false, quoted)
		p.spans = append(p.spans, Span{"list", from, p.out.Len(), ""})
		return len(m[0])
	}
	if quoted {
		return 0
	}
	for _, quote := range []*regexp.Regexp{quoteRest, quoteLine} {
		if m := quote.FindStringSubmatch(src); m != nil {
			from := p.out.Len()
			p.parse(m[1], true, true)
			p.spans = append(p.spans, Span{"quote", from, p.out.Len(), ""})
			return len(m[0])
		}
	}
	return 0
}
