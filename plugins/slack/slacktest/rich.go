package slacktest

import "encoding/json"

// richText is a rich_text block of the chunks.
func richText(chunks []chunk) json.RawMessage {
	elements := []obj{}
	for _, c := range chunks {
		kind := map[string]string{"section": "rich_text_section", "pre": "rich_text_preformatted", "quote": "rich_text_quote"}[c.kind]
		parts := []obj{}
		for _, p := range c.pieces {
			parts = append(parts, p.element())
		}
		elements = append(elements, obj{"type": kind, "elements": parts})
	}
	return raw([]obj{{"type": "rich_text", "block_id": "typed", "elements": elements}})
}

// element is the piece in a rich_text block.
func (p piece) element() obj {
	var e obj
	switch p.kind {
	case "link":
		e = obj{"type": "link", "url": p.id}
		if p.text != p.id {
			e["text"] = p.text
		}
	case "user":
		e = obj{"type": "user", "user_id": p.id}
	case "channel":
		e = obj{"type": "channel", "channel_id": p.id}
	case "group":
		e = obj{"type": "usergroup", "usergroup_id": p.id}
	case "broadcast":
		e = obj{"type": "broadcast", "range": p.id}
	case "emoji":
		e = obj{"type": "emoji", "name": p.id}
	default:
		e = obj{"type": "text", "text": p.text}
	}
	look := obj{}
	for name, s := range styles {
		if p.style&s != 0 {
			look[name] = true
		}
	}
	if len(look) > 0 {
		e["style"] = look
	}
	return e
}

var styles = map[string]style{"bold": bold, "italic": italic, "strike": strike, "code": code}

// element is one of a block, of whatever kind.
type element struct {
	Type     string          `json:"type"`
	Text     json.RawMessage `json:"text"`
	Elements []element       `json:"elements"`
	URL      string          `json:"url"`
	User     string          `json:"user_id"`
	Group    string          `json:"usergroup_id"`
	Channel  string          `json:"channel_id"`
	Range    string          `json:"range"`
	Name     string          `json:"name"`
	Fallback string          `json:"fallback"`
	Style    json.RawMessage `json:"style"` // an object, or a word in lists
	ActionID string          `json:"action_id"`
	Value    string          `json:"value"`
	AltText  string          `json:"alt_text"`
}

// string is the text of an element that is plain, or of a text object.
func (e element) string() string {
	var plain string
	if json.Unmarshal(e.Text, &plain) == nil {
		return plain
	}
	var object struct{ Text string }
	_ = json.Unmarshal(e.Text, &object) // without a text it is empty
	return object.Text
}

// richChunks reads the elements of a rich_text block.
func richChunks(elements []element) []chunk {
	var chunks []chunk
	for _, e := range elements {
		switch e.Type {
		case "rich_text_list":
			for _, item := range e.Elements {
				chunks = append(chunks, chunk{"list", pieces(item.Elements)})
			}
		case "rich_text_preformatted":
			chunks = append(chunks, chunk{"pre", pieces(e.Elements)})
		case "rich_text_quote":
			chunks = append(chunks, chunk{"quote", pieces(e.Elements)})
		default:
			chunks = append(chunks, chunk{"section", pieces(e.Elements)})
		}
	}
	return chunks
}

func pieces(elements []element) []piece {
	var all []piece
	for _, e := range elements {
		p := piece{kind: e.Type, text: e.string()}
		switch e.Type {
		case "link":
			if p.id = e.URL; p.text == "" {
				p.text = e.URL
			}
		case "user":
			p.id = e.User
		case "channel":
			p.id = e.Channel
		case "usergroup":
			p.kind, p.id, p.text = "group", e.Group, "@group"
		case "broadcast":
			p.id, p.text = e.Range, "@"+e.Range
		case "emoji":
			p.id, p.text = e.Name, ":"+e.Name+":"
		case "date":
			p.kind, p.text = "text", e.Fallback
		}
		var look map[string]bool
		_ = json.Unmarshal(e.Style, &look) // without a style it is plain
		for name, s := range styles {
			if look[name] {
				p.style |= s
			}
		}
		all = append(all, p)
	}
	return all
}
