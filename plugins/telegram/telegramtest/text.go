package telegramtest

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

const (
	maxText    = 4096
	maxCaption = 1024
	maxRaw     = 32768
)

var entityTypes = []string{"mention", "hashtag", "cashtag", "bot_command", "url", "email", "phone_number", "bold", "italic",
	"underline", "strikethrough", "spoiler", "blockquote", "expandable_blockquote", "code", "pre", "text_link", "text_mention", "custom_emoji"}

// setText reads the text or the caption with its formats into the message.
func (c *call) setText(m *Message, field string) error {
	raw := c.text(field)
	if len(raw) > maxRaw {
		return badRequest("text is too long")
	}
	if !utf8.ValidString(raw) {
		return badRequest("strings must be encoded in UTF-8")
	}
	text, entities, err := c.format(raw, field)
	if err != nil {
		return err
	}
	limit, long := maxText, "message is too long"
	if field == "caption" {
		limit, long = maxCaption, "message caption is too long"
	}
	switch {
	case text == "" && field == "text" && raw == "":
		return badRequest("message text is empty")
	case text == "" && field == "text":
		return badRequest("text must be non-empty")
	case utf8.RuneCountInString(text) > limit:
		return badRequest("%s", long)
	}
	m.Text, m.Entities, m.Pings = text, entities, nil
	for _, name := range mention.FindAllStringSubmatch(text, -1) {
		m.Pings = append(m.Pings, name[1])
	}
	return nil
}

func (c *call) format(raw, field string) (string, []Entity, error) {
	var entities []Entity
	switch mode := strings.ToLower(c.text("parse_mode")); mode {
	case "html":
		text, found, err := parseHTML(raw)
		if err != nil {
			return "", nil, err
		}
		raw, entities = text, found
	case "":
		name := map[string]string{"text": "entities", "caption": "caption_entities"}[field]
		if err := c.json(name, &entities); err != nil {
			return "", nil, err
		}
	default:
		return "", nil, badRequest("unsupported parse_mode")
	}
	if err := checkEntities(raw, entities); err != nil {
		return "", nil, err
	}
	text, entities := trim(raw, entities)
	return text, findEntities(text, entities), nil
}

// checkEntities holds entities against the text's UTF-16 units.
func checkEntities(text string, entities []Entity) error {
	units := utf16.Encode([]rune(text))
	split := func(at int) bool {
		return at > 0 && at < len(units) && units[at] >= 0xDC00 && units[at] < 0xE000
	}
	for _, e := range entities {
		end := e.Offset + e.Length
		switch {
		case !slices.Contains(entityTypes, e.Type):
			return badRequest("can't parse entities: Unsupported type of entity %q specified", e.Type)
		case e.Offset < 0 || e.Length < 0 || end < 0:
			return badRequest("ENTITY_BOUNDS_INVALID")
		case e.Offset > len(units) || end > len(units):
			return badRequest("Entity ends after the end of the text at UTF-16 offset %d", end)
		case split(e.Offset) || split(end):
			return badRequest("Entity begins or ends in a middle of a UTF-16 symbol at UTF-16 offset %d", e.Offset)
		}
	}
	return nil
}

// trim removes control characters and the white space around the text, and moves
// the entities along.
func trim(text string, entities []Entity) (string, []Entity) {
	clean := strings.Map(func(r rune) rune {
		if r < 32 && r != '\n' {
			return ' ' // one for one, so that offsets stay
		}
		return r
	}, text)
	rest := strings.TrimLeftFunc(clean, unicode.IsSpace)
	shift := units(clean[:len(clean)-len(rest)])
	rest = strings.TrimRightFunc(rest, unicode.IsSpace)
	end := units(rest)
	var kept []Entity
	for _, e := range entities {
		from, to := max(e.Offset-shift, 0), min(e.Offset-shift+e.Length, end)
		if to > from {
			e.Offset, e.Length = from, to-from
			kept = append(kept, e)
		}
	}
	return rest, kept
}

func units(s string) int { return len(utf16.Encode([]rune(s))) }

// What Telegram finds in plain text by itself, of which some would call people.
var (
	mention = regexp.MustCompile(`(?:^|[^\p{L}\p{N}_])(@[A-Za-z0-9_]{2,32})`)
	command = regexp.MustCompile(`(?:^|\s)(/[A-Za-z0-9_]{1,64}(?:@[A-Za-z0-9_]{3,32})?)`)
	link    = regexp.MustCompile(`(https?://[^\s]+)`)
)

func findEntities(text string, entities []Entity) []Entity {
	for kind, pattern := range map[string]*regexp.Regexp{"mention": mention, "bot_command": command, "url": link} {
		for _, at := range pattern.FindAllStringSubmatchIndex(text, -1) {
			entities = append(entities, Entity{Type: kind, Offset: units(text[:at[2]]), Length: units(text[at[2]:at[3]])})
		}
	}
	slices.SortStableFunc(entities, func(a, b Entity) int {
		return cmp.Or(cmp.Compare(a.Offset, b.Offset), cmp.Compare(b.Length, a.Length), cmp.Compare(a.Type, b.Type))
	})
	return entities
}
