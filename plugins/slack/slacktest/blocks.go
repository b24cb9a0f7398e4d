package slacktest

import (
	"encoding/json"
	"unicode/utf16"
)

const (
	maxBlocks  = 50
	maxSection = 3000
	maxHeader  = 150
)

// textObject is how blocks hold a text.
type textObject struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// block is one of a message.
type block struct {
	Type      string          `json:"type"`
	BlockID   string          `json:"block_id"`
	Text      json.RawMessage `json:"text"` // an object, or a string in markdown
	Title     *textObject     `json:"title"`
	Fields    []textObject    `json:"fields"`
	Elements  []element       `json:"elements"`
	Accessory *element        `json:"accessory"`
	AltText   string          `json:"alt_text"`
}

func (b block) object() textObject {
	var o textObject
	if json.Unmarshal(b.Text, &o) != nil {
		_ = json.Unmarshal(b.Text, &o.Text) // without a text it is empty
	}
	return o
}

var blockTypes = map[string]bool{"rich_text": true, "section": true, "context": true, "header": true, "divider": true, "image": true,
	"actions": true, "markdown": true, "video": true, "file": true}

// checkBlocks is the blocks of a call, or why they are none.
func checkBlocks(text string) (json.RawMessage, error) {
	if text == "" || text == "[]" || text == "null" {
		return nil, nil
	}
	var blocks []block
	if json.Unmarshal([]byte(text), &blocks) != nil {
		return nil, fail("invalid_blocks_format")
	}
	if len(blocks) > maxBlocks {
		return nil, fail("invalid_blocks")
	}
	for _, b := range blocks {
		length := units(b.object().Text)
		switch {
		case !blockTypes[b.Type],
			b.Type == "section" && (length > maxSection || length == 0 && len(b.Fields) == 0),
			b.Type == "header" && (length > maxHeader || length == 0),
			b.Type == "rich_text" && len(b.Elements) == 0,
			(b.Type == "actions" || b.Type == "context") && len(b.Elements) == 0:
			return nil, fail("invalid_blocks")
		}
	}
	return json.RawMessage(text), nil
}

// units is a text's length as Slack counts it, as far as anybody knows.
func units(s string) int { return len(utf16.Encode([]rune(s))) }

func (r *renderer) blocks(source json.RawMessage) {
	var blocks []block
	_ = json.Unmarshal(source, &blocks) // what a test makes up may be anything
	for _, b := range blocks {
		switch b.Type {
		case "rich_text":
			r.show(richChunks(b.Elements), false)
		case "header":
			text := b.object().Text
			r.lines = append(r.lines, text)
			r.Spans = append(r.Spans, Span{"header", text})
		case "section":
			r.object(b.object())
			for _, f := range b.Fields {
				r.object(f)
			}
			if b.Accessory != nil {
				r.button(b, *b.Accessory)
			}
		case "context":
			for _, e := range b.Elements {
				r.object(textObject{e.Type, e.string()})
			}
		case "actions":
			for _, e := range b.Elements {
				r.button(b, e)
			}
		case "image":
			r.lines = append(r.lines, b.AltText)
		case "markdown":
			r.lines = append(r.lines, b.object().Text)
		}
	}
}

// object shows a text object.
func (r *renderer) object(o textObject) {
	switch {
	case o.Text == "":
	case o.Type == "mrkdwn":
		r.show(mrkdwn(o.Text), false)
	default:
		r.lines = append(r.lines, o.Text) // plain_text is shown as it is
	}
}

func (r *renderer) button(b block, e element) {
	if e.Type == "button" {
		r.Buttons = append(r.Buttons, Button{e.string(), e.ActionID, b.BlockID, e.Value, e.URL})
	}
}

func (r *renderer) attachments(source json.RawMessage) {
	var all []struct{ Pretext, Title, Text, Fallback string }
	_ = json.Unmarshal(source, &all) // there are none, most times
	for _, a := range all {
		if a.Pretext+a.Title+a.Text == "" {
			a.Text = a.Fallback
		}
		for _, text := range []string{a.Pretext, a.Title, a.Text} {
			r.object(textObject{"mrkdwn", text})
		}
	}
}
