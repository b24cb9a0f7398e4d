package main

import "encoding/json"

// What is read of what Slack sends. Every field may be missing and what is not
// read here may have any shape: Slack grows, and one event that cannot be read
// must not stop those behind it.

// envelope is a frame of Socket Mode.
type envelope struct {
	Type    string          `json:"type"`
	ID      string          `json:"envelope_id"`
	Reason  string          `json:"reason"`
	Payload json.RawMessage `json:"payload"`
}

// callback is what wraps an event.
type callback struct {
	Type      string          `json:"type"`
	EventID   string          `json:"event_id"`
	AppID     string          `json:"api_app_id"`
	Challenge string          `json:"challenge"`
	Event     json.RawMessage `json:"event"`
}

// kindOf is the type of an event, or of a payload; empty when it has none.
func kindOf(raw []byte) string {
	var k struct{ Type string }
	_ = json.Unmarshal(raw, &k) // what is no object has no type
	return k.Type
}

type message struct {
	Subtype  string          `json:"subtype"`
	Channel  string          `json:"channel"`
	User     string          `json:"user"`
	BotID    string          `json:"bot_id"`
	AppID    string          `json:"app_id"`
	Text     string          `json:"text"`
	TS       string          `json:"ts"`
	ThreadTS string          `json:"thread_ts"`
	Edited   *edited         `json:"edited"`
	Files    []file          `json:"files"`
	Blocks   json.RawMessage `json:"blocks"`
	Attached []attachment    `json:"attachments"`
	Metadata json.RawMessage `json:"metadata"`

	LatestReply string `json:"latest_reply"` // of a parent

	// Of events about another message.
	Message   *message `json:"message"`
	Previous  *message `json:"previous_message"`
	DeletedTS string   `json:"deleted_ts"`

	raw []byte
}

type edited struct {
	TS string `json:"ts"`
}

type attachment struct {
	Fallback string `json:"fallback"`
	Text     string `json:"text"`
}

type file struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Title    string `json:"title"`
	Type     string `json:"mimetype"`
	Size     int64  `json:"size"`
	Mode     string `json:"mode"`
	External bool   `json:"is_external"`
	URL      string `json:"url_private"`
	Download string `json:"url_private_download"`
	Access   string `json:"file_access"`
}

// readMessage reads as much of a message as can be read.
func readMessage(raw []byte) *message {
	m := &message{raw: raw}
	_ = json.Unmarshal(raw, m) // what has another shape stays empty
	return m
}

// key is the bridge's own, in the metadata of what it posted; empty in all else.
func (m *message) key() string {
	var data struct {
		Type    string `json:"event_type"`
		Payload struct {
			ID string `json:"id"`
		} `json:"event_payload"`
	}
	if json.Unmarshal(m.Metadata, &data) != nil || data.Type != metadataType {
		return ""
	}
	return data.Payload.ID
}

func (m *message) isReply() bool { return m.ThreadTS != "" && m.ThreadTS != m.TS }

func (m *message) editedAt() string {
	if m == nil || m.Edited == nil {
		return ""
	}
	return m.Edited.TS
}

type reaction struct {
	User  string `json:"user"`
	Name  string `json:"reaction"`
	At    string `json:"event_ts"`
	Added bool   `json:"-"`
	Item  struct {
		Channel string `json:"channel"`
		TS      string `json:"ts"`
	} `json:"item"`
}

// membership is an event about the channel or the app itself.
type membership struct {
	User    string `json:"user"`
	Channel string `json:"channel"`
}

// click is a button that somebody pressed.
type click struct {
	User struct {
		ID string `json:"id"`
	} `json:"user"`
	Container struct {
		Channel string `json:"channel_id"`
		TS      string `json:"message_ts"`
	} `json:"container"`
	Actions []struct {
		ID string `json:"action_id"`
		At string `json:"action_ts"`
	} `json:"actions"`
}
