package plugintest

import (
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// VisitorSays is a message of the visitor's, Anna.
func VisitorSays(id, text string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "visitor", Name: "Anna", Text: text, Via: "widget"}
}

// OperatorSays is a message of an operator's, Olga, who is on another bridge.
func OperatorSays(id, text string) *plugin.Message {
	return &plugin.Message{ID: id, Sender: "operator", Name: "Olga", Text: text, Via: "acme.inbox"}
}

// Posted is the event that brings the message.
func Posted(m *plugin.Message) *plugin.Event {
	return &plugin.Event{Type: plugin.MessagePosted, Message: m}
}

// EditedTo changes what the message says, and is the event that tells so.
func EditedTo(m *plugin.Message, text string) *plugin.Event {
	m.Text, m.EditedAt = text, m.EditedAt.Add(time.Hour)
	return &plugin.Event{Type: plugin.MessageEdited, Message: m}
}
