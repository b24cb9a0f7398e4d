package main

import (
	"regexp"
	"strconv"
	"strings"
	"unicode"

	"github.com/go-telegram/bot/models"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// format is what Telegram takes, in code points after parsing.
var format = kit.Format{Text: 4096, Caption: 1024, Name: 128, Measure: measure, Replies: true, Joins: true, IsUser: userID.MatchString}

var userID = regexp.MustCompile(`^[1-9][0-9]{0,12}$`)

// text is plain text with its styles as explicit entities: nothing to escape, and
// nothing that a visitor types can break out.
type text struct {
	body     string
	entities []models.MessageEntity
}

var entityTypes = map[kit.Style]models.MessageEntityType{
	kit.Bold:   models.MessageEntityTypeBold,
	kit.Italic: models.MessageEntityTypeItalic,
}

// bell stands for whom a text calls: Telegram shows a mention as a link.
const bell = "🔔"

func textOf(t kit.Text) text {
	var wire text
	for _, r := range t {
		if id, err := strconv.ParseInt(r.Text, 10, 64); r.Style == kit.Call && err == nil {
			wire.entities = append(wire.entities, models.MessageEntity{
				Type: models.MessageEntityTypeTextMention, Offset: kit.UTF16(wire.body), Length: kit.UTF16(bell), User: &models.User{ID: id},
			})
			wire.body += bell
			continue
		}
		words := calm(r.Text)
		if kind, ok := entityTypes[r.Style]; ok {
			wire.entities = append(wire.entities, models.MessageEntity{Type: kind, Offset: kit.UTF16(wire.body), Length: kit.UTF16(words)})
		}
		wire.body += words
	}
	return wire
}

// calm makes text call nobody: a word joiner after each "@" that would begin a
// name. One inside a word, as in an e-mail address, calls nobody.
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

// measure counts the joiners too.
func measure(s string) int { return kit.CodePoints(s) + strings.Count(s, "@") }
