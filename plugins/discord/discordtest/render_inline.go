package discordtest

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// shrug is shown as it is, although it holds a backslash and underscores.
const shrug = `¯\_(ツ)_/¯`

var (
	angleURL  = regexp.MustCompile(`^<(https?://[^\s<>]+)>`)
	plainURL  = regexp.MustCompile(`^https?://[^\s<]+[^<.,:;"'\]\s]`)
	maskedURL = regexp.MustCompile(`^\(\s*<?(https?://[^\s<>]*?)>?(?:\s+(?:"[^"]*"|'[^']*'))?\s*\)`)
	language  = regexp.MustCompile(`^[A-Za-z0-9_+\-.#]+\n`)
	timestamp = regexp.MustCompile(`^<t:-?\d{1,17}(?::[tTdDfFsSR])?>`)
	emojiTag  = regexp.MustCompile(`^<a?:\w{2,32}:\d+>`)
	shortcode = regexp.MustCompile(`^:([a-z0-9_+\-]+):`)
)

// The ways to name somebody or something.
var mentionForms = []struct {
	kind string
	form *regexp.Regexp
}{
	{"user", regexp.MustCompile(`^<@!?(\d+)>`)},
	{"role", regexp.MustCompile(`^<@&(\d+)>`)},
	{"channel", regexp.MustCompile(`^<#(\d+)>`)},
	{"command", regexp.MustCompile(`^</[^:>\n]+:(\d+)>`)},
	{"guild", regexp.MustCompile(`^<id:(\w+)>`)},
	{"everyone", regexp.MustCompile(`^@everyone()`)},
	{"here", regexp.MustCompile(`^@here()`)},
}

// shortcodes are the better known names that clients replace by an emoji.
var shortcodes = strings.Fields(`+1 -1 100 1234 angry clap cry dog eyes fire grin heart heart_eyes joy laughing ok ok_hand
	partying_face pray rage rocket rofl sad slight_smile smile smiley smirk sob star sunglasses sweat_smile tada
	thinking thumbsdown thumbsup warning wave white_check_mark wink x zap`)

// inline renders what begins at src, and says how many bytes it took; 0 when
// it is a letter like any other.
func (p *renderer) inline(src string, quoted bool) int {
	switch src[0] {
	case '\\':
		return p.escape(src)
	case '`':
		return p.code(src)
	case '<', '@':
		return p.angle(src)
	case 'h':
		return p.address(src)
	case '[':
		return p.masked(src, quoted)
	case ':':
		return p.shortcode(src)
	case '*', '_', '~', '|':
		return p.emphasis(src, quoted)
	}
	if strings.HasPrefix(src, shrug) {
		p.out.WriteString(shrug)
		return len(shrug)
	}
	return 0
}

// escape takes the backslash away from anything but letters, digits and space.
func (p *renderer) escape(src string) int {
	r, n := utf8.DecodeRuneInString(src[1:])
	if n == 0 || isWord(r) && r != '_' || strings.ContainsRune(" \t\r\n\v\f\u00a0", r) {
		return 0
	}
	p.out.WriteString(src[1 : 1+n])
	return 1 + n
}

func isWord(r rune) bool {
	return r == '_' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
}

// code is a block between fences, or a piece between as many ticks on both sides.
func (p *renderer) code(src string) int {
	if rest, ok := strings.CutPrefix(src, "```"); ok {
		if end := strings.Index(rest, "```"); end > 0 && strings.Trim(rest[:end], "\n") != "" {
			p.raw("codeblock", "", strings.Trim(rest[len(language.FindString(rest[:end])):end], "\n"))
			return end + 6
		}
	}
	ticks := len(src) - len(strings.TrimLeft(src, "`"))
	for i := ticks; i < len(src); i++ {
		if src[i] != '`' {
			continue
		}
		run := len(src[i:]) - len(strings.TrimLeft(src[i:], "`"))
		if run == ticks {
			p.raw("code", "", src[ticks:i])
			return i + run
		}
		i += run - 1
	}
	p.out.WriteString(src[:ticks]) // they stay, and none of them begins a piece
	return ticks
}

// angle is an address, a mention, a timestamp or an emoji.
func (p *renderer) angle(src string) int {
	if m := angleURL.FindStringSubmatch(src); m != nil {
		p.raw("url", m[1], m[1])
		return len(m[0])
	}
	for _, mention := range mentionForms {
		if m := mention.form.FindStringSubmatch(src); m != nil {
			p.mentions = append(p.mentions, Mention{mention.kind, m[1]})
			p.raw("mention", "", m[0])
			return len(m[0])
		}
	}
	if m := timestamp.FindString(src); m != "" {
		p.raw("timestamp", "", m)
		return len(m)
	}
	if m := emojiTag.FindString(src); m != "" {
		p.raw("emoji", "", m)
		return len(m)
	}
	return 0
}

// address is a bare one; nothing in it is formatting. A bracket that it did not
// open is not part of it.
func (p *renderer) address(src string) int {
	link := plainURL.FindString(src)
	for strings.HasSuffix(link, ")") && strings.Count(link, ")") > strings.Count(link, "(") {
		link = link[:len(link)-1]
	}
	if link != "" {
		p.raw("url", link, link)
	}
	return len(link)
}

// masked is a text with an address behind it.
func (p *renderer) masked(src string, quoted bool) int {
	depth := 0
	for i := 0; i < len(src); i++ {
		switch src[i] {
		case '\\':
			i++
		case '[':
			depth++
		case ']':
			if depth--; depth > 0 {
				continue
			}
			m := maskedURL.FindStringSubmatch(src[i+1:])
			if m == nil || strings.TrimSpace(src[1:i]) == "" {
				return 0
			}
			p.span("link", m[1], src[1:i], quoted)
			return i + 1 + len(m[0])
		}
	}
	return 0
}

func (p *renderer) shortcode(src string) int {
	m := shortcode.FindStringSubmatch(src)
	if m == nil || !slices.Contains(shortcodes, m[1]) {
		return 0
	}
	p.raw("shortcode", "", m[0])
	return len(m[0])
}

// emphasis tries the longer marks first.
func (p *renderer) emphasis(src string, quoted bool) int {
	for _, mark := range []struct {
		mark, kind string
		end        func(string) int
	}{
		{"**", "bold", func(s string) int { return pairEnd(s, "**", '*', true) }},
		{"__", "underline", func(s string) int { return pairEnd(s, "__", '_', true) }},
		{"~~", "strike", func(s string) int { return pairEnd(s, "~~", '_', false) }},
		{"||", "spoiler", func(s string) int { return pairEnd(s, "||", 0, false) }},
		{"*", "italic", starEnd},
		{"_", "italic", underscoreEnd},
	} {
		inner, ok := strings.CutPrefix(src, mark.mark)
		if !ok {
			continue
		}
		if end := mark.end(inner); end > 0 {
			p.span(mark.kind, "", inner[:end], quoted)
			return end + 2*len(mark.mark)
		}
	}
	return 0
}

// pairEnd finds where a mark of two letters ends; not is what may not follow it.
func pairEnd(inner, mark string, not byte, escapes bool) int {
	for i := 0; i < len(inner); i++ {
		if escapes && inner[i] == '\\' {
			i++
			continue
		}
		after := i + len(mark)
		if i > 0 && strings.HasPrefix(inner[i:], mark) && (after == len(inner) || not == 0 || inner[after] != not) {
			return i
		}
	}
	return 0
}

// starEnd finds the end of *this*: no space follows the first star or comes
// before the last.
func starEnd(inner string) int {
	if inner == "" || isSpace(inner[0]) {
		return 0
	}
	for i := 0; i < len(inner); i++ {
		switch {
		case inner[i] == '\\', strings.HasPrefix(inner[i:], "**"):
			i++
		case inner[i] == '*':
			if isSpace(inner[max(0, i-1)]) {
				return 0
			}
			return i
		}
	}
	return 0
}

// underscoreEnd finds the end of _this_: no letter follows it.
func underscoreEnd(inner string) int {
	for i := 0; i < len(inner); i++ {
		switch {
		case inner[i] == '\\', strings.HasPrefix(inner[i:], "__"):
			i++
		case inner[i] == '_':
			if i+1 < len(inner) && isWord(rune(inner[i+1])) {
				return 0
			}
			return i
		}
	}
	return 0
}

func isSpace(b byte) bool { return b == ' ' || b == '\n' || b == '\t' || b == '\r' }
