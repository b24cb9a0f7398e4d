package web

import (
	"encoding/json"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// TestGoldenFrames: what a visitor's page is sent is to the letter what other
// people's programs rely on.
func TestGoldenFrames(t *testing.T) {
	at := core.TimeOf(time.Date(2026, 1, 2, 3, 4, 5, 6_999_999, time.UTC))
	posted := &core.Message{
		ID: "msg_1", Seq: 2, SessionID: "sess_1", ProjectID: "proj_1", Sender: core.SenderVisitor, Text: "hello", Via: "widget",
		ClientID: "c-1", CreatedAt: at,
	}
	withFile := *posted
	withFile.Attachments = []*core.Attachment{{
		ID: "att_1", Name: "a.pdf", Type: "application/pdf", Size: 1234, URL: "https://chat.example/v1/files/att_1", ProjectID: "proj_1", Owner: "vis_1",
	}}
	gone := &core.Message{
		ID: "msg_2", Seq: 3, SessionID: "sess_1", Sender: core.SenderOperator, ReplyTo: "msg_1", Operator: "Olga Petrova", Via: "acme.telegram",
		Author: &core.Author{Name: "Olga", Avatar: "https://acme.example/olga.png"}, CreatedAt: at, EditedAt: at, DeletedAt: at, Failed: true,
	}
	session := &core.Session{
		ID: "sess_1", VisitorID: "vis_1", ProjectID: "proj_1", Status: core.StatusActive, CreatedAt: at, LastActivity: at, Seq: 3, Delivered: 2, Read: 1,
		Messages: []*core.Message{asVisitor(&withFile), asVisitor(gone)}, Metadata: map[string]string{"url": "https://acme.example/"},
	}
	settings := settingsOf(&core.Project{Name: "Acme", Widget: core.Widget{Color: "#6366f1", Operator: "Acme support", Welcome: "Hi!"}})
	seen := func(e *core.Event) *core.Event {
		e, ok := core.VisitorView(e)
		if !ok {
			t.Fatal("the visitor may not see the event")
		}
		return e
	}
	golden := map[string]any{
		"welcome":        welcomeFrame{typeWelcome, visitorFrame{"vis_1", "vt_1"}, session, settings, true, false},
		"welcome-nobody": welcomeFrame{typeWelcome, visitorFrame{"vis_1", ""}, nil, settings, false, false},
		"ok":             okFrame{typeOK, "c-1", "sess_1", 2, asVisitor(posted)},
		"ok-bare":        okFrame{Type: typeOK, ID: "t-1"},
		"event-message": eventFrame{typeEvent, seen(&core.Event{
			Type: core.MessagePosted, Seq: 2, SessionID: "sess_1", At: at, Message: posted, MessageID: "msg_1", ProjectID: "proj_1",
		})},
		"event-closed": eventFrame{typeEvent, seen(&core.Event{
			Type: core.SessionClosed, Seq: 4, SessionID: "sess_1", At: at, Data: json.RawMessage(`{"by":"operator","name":"Olga Petrova"}`),
		})},
		"receipt":  receiptFrame{typeReceipt, "sess_1", 2, 0},
		"typing":   typingFrame{typeTyping, true, &core.Author{Name: "Acme support"}},
		"presence": presenceFrame{typePresence, false},
		"emit":     emitFrame{typeEmit, "show_offer", json.RawMessage(`{"percent":10}`)},
		"history":  historyFrame{typeHistory, "h-1", (&Server{}).linkedAll(nil), false},
		"error":    newErrorFrame("c-2", &core.Error{Code: core.CodeRateLimited, Message: "too many frames, wait a moment", RetryAfter: 2100 * time.Millisecond}),
	}
	files, err := filepath.Glob("testdata/frames/*.json")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "golden frames", len(files), len(golden))
	for name, frame := range golden {
		raw, err := os.ReadFile(filepath.Join("testdata", "frames", name+".json"))
		if err != nil {
			t.Error(err)
			continue
		}
		sent, err := json.Marshal(frame)
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(raw, &want); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if json.Unmarshal(sent, &got) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n got %s\nwant %s", name, sent, raw)
		}
	}
}
