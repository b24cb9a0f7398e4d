package core

import "testing"

func TestWhatCouldNotBeDeliveredIsNamedInWords(t *testing.T) {
	file := &Message{Attachments: []*Attachment{{Name: "plan.pdf"}}}
	for want, e := range map[string]*Event{
		"“two lines”":                   {Type: MessagePosted, Message: &Message{Text: "two\nlines"}},
		"the edit of “hi”":              {Type: NoteEdited, Message: &Message{Text: "hi"}},
		"the removal of a message":      {Type: MessageDeleted, Message: &Message{}},
		"the file plan.pdf":             {Type: MessagePosted, Message: file},
		"the edit of the file plan.pdf": {Type: MessageEdited, Message: file},
		"a message without text":        {Type: NotePosted, Message: &Message{}},
		"this (session closed)":         {Type: SessionClosed},
	} {
		if have := e.describe(); have != want {
			t.Errorf("%s is named %q, want %q", e.Type, have, want)
		}
	}
}
