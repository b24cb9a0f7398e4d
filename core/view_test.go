package core

import (
	"encoding/json"
	"strings"
	"testing"
)

func TestVisitorViewHidesWhatIsForOperators(t *testing.T) {
	secret := &Message{ID: "msg_1", Text: "secret", Note: true, Operator: "Olga", Via: "acme.telegram"}
	for _, kind := range []EventType{NotePosted, NoteEdited, NoteDeleted, Notice, VisitorIdentified, VisitorTracked, SessionClaimed, SessionReleased, "unknown.kind", MessagePosted} {
		if e, ok := VisitorView(&Event{Type: kind, Message: secret, Data: json.RawMessage(`{"text":"secret"}`)}); ok {
			t.Errorf("%s with a note reaches the visitor as %+v", kind, e)
		}
	}
}

func TestVisitorViewKeepsNamesAndOriginsBack(t *testing.T) {
	m := &Message{ID: "msg_1", Text: "hi", Operator: "Olga Own-Name", Via: "acme.telegram", Author: &Author{Name: "Acme"}}
	events := []*Event{
		{Type: MessagePosted, Message: m},
		{Type: SessionClosed, Data: json.RawMessage(`{"by":"operator","name":"Olga Own-Name"}`)},
	}
	for _, e := range events {
		seen, ok := VisitorView(e)
		if !ok {
			t.Fatalf("%s does not reach the visitor", e.Type)
		}
		b, err := json.Marshal(seen)
		if err != nil {
			t.Fatal(err)
		}
		for _, hidden := range []string{"Own-Name", "telegram"} {
			if strings.Contains(string(b), hidden) {
				t.Errorf("%s tells the visitor %q: %s", e.Type, hidden, b)
			}
		}
	}
	if m.Via == "" || m.Operator == "" {
		t.Error("the view changed the message itself")
	}
}

func TestTimeOnTheWire(t *testing.T) {
	for ms, want := range map[Time]string{
		1_700_000_000_120: `"2023-11-14T22:13:20.120Z"`,
		1_700_000_000_000: `"2023-11-14T22:13:20.000Z"`,
	} {
		b, err := json.Marshal(ms)
		if err != nil || string(b) != want {
			t.Errorf("%d: %s, %v", ms, b, err)
		}
		var back Time
		if err := json.Unmarshal(b, &back); err != nil || back != ms {
			t.Errorf("%s read back as %d, %v", b, back, err)
		}
	}
}

func TestAllowsOrigin(t *testing.T) {
	p := &Project{Origins: []string{"https://acme.example", "https://*.acme.example", "http://localhost:8080"}}
	for origin, want := range map[string]bool{
		"https://acme.example": true, "https://ACME.example": true, "https://shop.acme.example": true,
		"http://localhost:8080": true, "http://localhost:8081": false, "http://acme.example": false,
		"https://evilacme.example": false, "https://acme.example.evil.example": false, "null": false, "": false,
		"https://shop.acme.example:444": false,
	} {
		if got := p.AllowsOrigin(origin); got != want {
			t.Errorf("AllowsOrigin(%q) = %v", origin, got)
		}
	}
}
