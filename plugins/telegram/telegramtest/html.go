package telegramtest

import (
	"html"
	"regexp"
	"strings"
)

var tags = map[string]string{"b": "bold", "strong": "bold", "i": "italic", "em": "italic", "u": "underline", "ins": "underline",
	"s": "strikethrough", "strike": "strikethrough", "del": "strikethrough", "tg-spoiler": "spoiler", "span": "spoiler",
	"code": "code", "pre": "pre", "a": "text_link", "blockquote": "blockquote", "tg-emoji": "custom_emoji"}

var (
	tag     = regexp.MustCompile(`^<(/?)([A-Za-z-]+)([^>]*)>`)
	href    = regexp.MustCompile(`href\s*=\s*["']?([^"'>\s]+)`)
	escaped = regexp.MustCompile(`^&(?:lt|gt|amp|quot|#\d+|#x[0-9A-Fa-f]+);?`)
)

type openTag struct {
	name, url string
	at        int // UTF-16 units
}

// parseHTML reads Telegram's HTML; its errors name the byte, as the server's do.
func parseHTML(raw string) (string, []Entity, error) {
	var b strings.Builder
	var entities []Entity
	var open []openTag
	for i := 0; i < len(raw); {
		switch {
		case raw[i] == '&' && escaped.MatchString(raw[i:]):
			code := escaped.FindString(raw[i:])
			b.WriteString(html.UnescapeString(strings.TrimSuffix(code, ";") + ";"))
			i += len(code)
		case raw[i] == '<':
			m := tag.FindStringSubmatch(raw[i:])
			if m == nil {
				return "", nil, badRequest("can't parse entities: Unclosed start tag at byte offset %d", i)
			}
			name := strings.ToLower(m[2])
			if m[1] == "" {
				if tags[name] == "" {
					return "", nil, badRequest("can't parse entities: Unsupported start tag %q at byte offset %d", name, i)
				}
				t := openTag{name: name, at: units(b.String())}
				if h := href.FindStringSubmatch(m[3]); h != nil {
					t.url = html.UnescapeString(h[1])
				}
				open = append(open, t)
			} else {
				if len(open) == 0 || open[len(open)-1].name != name {
					return "", nil, badRequest("can't parse entities: Unmatched end tag at byte offset %d, found %q", i, "</"+name+">")
				}
				t := open[len(open)-1]
				open = open[:len(open)-1]
				if n := units(b.String()) - t.at; n > 0 && (name != "a" || t.url != "") {
					entities = append(entities, Entity{Type: tags[name], Offset: t.at, Length: n, URL: t.url})
				}
			}
			i += len(m[0])
		default:
			b.WriteByte(raw[i])
			i++
		}
	}
	if len(open) > 0 {
		return "", nil, badRequest("can't parse entities: Can't find end tag corresponding to start tag %q", open[len(open)-1].name)
	}
	return b.String(), entities, nil
}
