package main

import (
	"strings"
	"unicode"

	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// What Telegram takes, in code points after parsing.
const (
	maxText    = 4096
	maxCaption = 1024
	maxTopic   = 128
)

// text is plain text with its formats as explicit entities: nothing to escape, and
// nothing that a visitor types can break out.
type text struct {
	body     string
	entities []models.MessageEntity
}

func plain(s string) text { return text{body: s} }

func (t *text) add(s string) { t.body += s }

func (t *text) format(kind models.MessageEntityType, s string) {
	if s == "" {
		return
	}
	t.entities = append(t.entities[:len(t.entities):len(t.entities)], models.MessageEntity{Type: kind, Offset: kit.UTF16(t.body), Length: kit.UTF16(s)})
	t.body += s
}

func (t *text) bold(s string)   { t.format(models.MessageEntityTypeBold, s) }
func (t *text) italic(s string) { t.format(models.MessageEntityTypeItalic, s) }

// with is the text followed by more; the text itself stays as it is.
func (t text) with(s string) text { return text{t.body + s, t.entities} }

// split cuts the text into messages. Only the first carries formats: they are in
// its head, which is shorter than any limit.
func (t text) split() []text {
	var parts []text
	for _, s := range kit.Split(t.body, maxText, kit.CodePoints) {
		if strings.TrimSpace(s) == "" {
			continue // Telegram refuses white space
		}
		part := plain(s)
		if len(parts) == 0 {
			part.entities = t.entities
		}
		parts = append(parts, part)
	}
	return parts
}

// calm makes text of a stranger call nobody: a word joiner after each "@" that
// would begin a name. One inside a word, as in an e-mail address, calls nobody.
func calm(s string) string {
	if !strings.Contains(s, "@") {
		return s
	}
	var b strings.Builder
	before := ' '
	for _, r := range s {
		b.WriteRune(r)
		if r == '@' && before != '_' && !unicode.IsLetter(before) && !unicode.IsNumber(before) {
			b.WriteRune('\u2060')
		}
		before = r
	}
	return b.String()
}

// line is a stranger's value as one short line that calls nobody.
func line(s string) string { return calm(kit.CleanName(s)) }

// cutRunes cuts s to n code points.
func cutRunes(s string, n int) string {
	if kit.CodePoints(s) <= n {
		return s
	}
	return string([]rune(s)[:n])
}
