package core_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

var bob = core.Operator{ID: "12345", Name: "Bob\nHacker"}

// talk is a session with a thread on the bridge, of which everybody has been told.
func (h *house) talk() (core.Actor, *core.Session) {
	v := h.visitor()
	s := h.post(v, core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", s.ID, "42")
	h.told("inbox")
	h.told("acme.telegram")
	return v, s
}

func TestWhatAStrangerWritesReachesNobody(t *testing.T) {
	h := newHouse(t)
	h.open(map[string][]string{"acme.telegram": {"55"}})
	v, s := h.talk()
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "from Olga"})
	h.told("inbox")
	var live []core.Live
	defer h.bus.Subscribe(core.VisitorTopic(v.VisitorID), func(sig core.Signal) {
		if sig.Live != nil {
			live = append(live, *sig.Live)
		}
	})()
	for range 2 {
		for i, in := range []core.Inbound{
			{Kind: core.InboundMessage, ExternalID: "2", Text: "spam"},
			{Kind: core.InboundMessage, ExternalID: "3", Text: "/close"},
			{Kind: core.InboundMessage, ExternalID: "4", Text: "/del", ReplyTo: "1"},
			{Kind: core.InboundMessage, ExternalID: "5", Text: "/note spam"},
			{Kind: core.InboundEdit, ExternalID: "1", Text: "spam", Revision: "9"},
			{Kind: core.InboundEdit, ExternalID: "6", Text: "spam", Revision: "9"},
			{Kind: core.InboundDelete, ExternalID: "1"},
			{Kind: core.InboundClose},
			{Kind: core.InboundReopen},
			{Kind: core.InboundTyping, On: true},
			{Kind: core.InboundRead, ExternalID: "1"},
		} {
			in.EffectKey, in.Operator = fmt.Sprint("stranger ", i), bob
			if ack, err := h.receive(in); err != nil || ack.SessionID != s.ID || ack.MessageID != "" {
				t.Errorf("%s: acked %+v, %v", in.Kind, ack, err)
			}
		}
	}
	if got := h.transcript(v, s.ID); got != "visitor: hello\noperator: from Olga" {
		t.Errorf("the visitor sees\n%s", got)
	}
	if now, _ := h.Session(t.Context(), h.project.ID, s.ID, 1); now.Status != core.StatusActive || len(live) > 0 {
		t.Errorf("the session is %s, the visitor was told %+v", now.Status, live)
	}
	if got := h.told("acme.telegram"); got != "notice" {
		t.Errorf("the thread was told %q", got)
	}
	if got := h.told("inbox"); got != "" {
		t.Errorf("another bridge was told %q", got)
	}
	want := `{"text":"Bob Hacker (id 12345) may not answer here: nothing was sent. To let them, add \"12345\" to operators of bridge \"telegram\" in config.hcl"}`
	if got := h.lastNotice(s.ID); got != want {
		t.Errorf("told %s", got)
	}
	if got := string(h.kept("acme.telegram", "stranger 0")); !strings.Contains(got, "spam") || !strings.Contains(got, "12345") {
		t.Errorf("kept %s", got)
	}
}

// Each stranger is told once in each session; each bridge has its own list.
func TestStrangersAreToldByPersonSessionAndBridge(t *testing.T) {
	h := newHouse(t)
	h.open(map[string][]string{"acme.telegram": {"55"}})
	v, s := h.talk()
	other := h.post(h.visitor(), core.Post{Text: "hello"}).Session
	h.thread("acme.telegram", other.ID, "43")
	h.told("acme.telegram")
	for i, thread := range []string{"42", "42", "43"} {
		for _, id := range []string{"1", "2"} {
			h.must(core.Inbound{
				BridgeID: "acme.telegram", Thread: thread, Kind: core.InboundMessage, ExternalID: fmt.Sprint(id, i),
				Text: "x", Operator: core.Operator{ID: id},
			})
		}
	}
	if got := h.told("acme.telegram"); got != "notice notice notice notice" {
		t.Errorf("told %q", got)
	}
	h.must(core.Inbound{BridgeID: "inbox", Thread: s.ID, Kind: core.InboundMessage, ExternalID: "own:1", Text: "here I may", Operator: bob})
	if got := h.transcript(v, s.ID); !strings.HasSuffix(got, "operator: here I may") {
		t.Errorf("the visitor sees\n%s", got)
	}
}

// Discord tells of a delete and of an archived post, and not who did it.
func TestWhatPlatformsDoNotNameTheDoerOf(t *testing.T) {
	h := newHouse(t)
	h.open(map[string][]string{"acme.telegram": {"55"}})
	v, s := h.talk()
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "regret"})
	nobody := core.Operator{Name: "?"}
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "2", Text: "spam", Operator: nobody})
	h.must(core.Inbound{Kind: core.InboundEdit, ExternalID: "1", Text: "spam", Revision: "2", Operator: nobody})
	h.must(core.Inbound{Kind: core.InboundDelete, ExternalID: "1", Operator: nobody})
	if got := h.transcript(v, s.ID); got != "visitor: hello\noperator: (deleted)" {
		t.Errorf("the visitor sees\n%s", got)
	}
	h.must(core.Inbound{Kind: core.InboundClose, Operator: nobody})
	if now, _ := h.Session(t.Context(), h.project.ID, s.ID, 1); now.Status != core.StatusClosed {
		t.Errorf("the session is %s", now.Status)
	}
}

func TestAnEmptyListLetsNobodyAnswer(t *testing.T) {
	h := newHouse(t)
	h.open(map[string][]string{"acme.telegram": {}})
	v, s := h.talk()
	h.must(core.Inbound{Kind: core.InboundMessage, ExternalID: "1", Text: "x"})
	if got := h.transcript(v, s.ID); got != "visitor: hello" {
		t.Errorf("the visitor sees\n%s", got)
	}
}

func TestWhoVisitorsAndOtherOperatorsSee(t *testing.T) {
	face, team := "https://cdn.example/olga.png", "https://acme.example/team.png"
	tests := []struct {
		what     string
		widget   core.Widget
		alias    core.Alias
		name     string // on the platform
		avatar   string
		visitor  core.Author
		operator string
	}{
		{"the team by default", core.Widget{Operator: "Acme support", Avatar: team}, core.Alias{}, "Olga Ivanova", face, core.Author{Name: "Acme support", Avatar: team}, "Olga Ivanova"},
		{"the first name by default", core.Widget{}, core.Alias{}, "Olga  Ivanova", face, core.Author{Name: "Olga", Avatar: face}, "Olga Ivanova"},
		{"the first name though there is a team", core.Widget{Operator: "Acme support", Avatar: team, Names: core.NamesFirst}, core.Alias{}, "Olga Ivanova", "", core.Author{Name: "Olga"}, "Olga Ivanova"},
		{"the full name", core.Widget{Names: core.NamesFull}, core.Alias{}, "Olga Ivanova", "", core.Author{Name: "Olga Ivanova"}, "Olga Ivanova"},
		{"an alias as it stands", core.Widget{Names: core.NamesFirst}, core.Alias{Name: "Anna B."}, "Olga Ivanova", face, core.Author{Name: "Anna B."}, "Anna B."},
		{"an alias with a face", core.Widget{Names: core.NamesFull}, core.Alias{Name: "Anna", Avatar: "https://a.example/b.png"}, "Olga", face, core.Author{Name: "Anna", Avatar: "https://a.example/b.png"}, "Anna"},
		{"a face alone", core.Widget{Names: core.NamesFirst}, core.Alias{Avatar: "https://a.example/b.png"}, "Olga Ivanova", face, core.Author{Name: "Olga", Avatar: "https://a.example/b.png"}, "Olga Ivanova"},
		{"an alias behind a team", core.Widget{Operator: "Acme support", Names: core.NamesTeam}, core.Alias{Name: "Anna"}, "Olga", face, core.Author{Name: "Acme support"}, "Anna"},
		{"no picture that is not safe", core.Widget{}, core.Alias{}, "Olga", "http://cdn.example/x.png", core.Author{Name: "Olga"}, "Olga"},
		{"no picture that is no address", core.Widget{}, core.Alias{}, "Olga", "javascript:alert(1)", core.Author{Name: "Olga"}, "Olga"},
		{"the team for who has no name", core.Widget{Operator: "Acme support", Names: core.NamesFull}, core.Alias{}, " ", face, core.Author{Name: "Acme support"}, ""},
	}
	h := newHouse(t)
	v, s := h.talk()
	for i, tt := range tests {
		tt.alias.IDs = []string{"U02", "55"}
		h.project.Widget, h.project.Aliases = tt.widget, []core.Alias{{IDs: []string{"9"}, Name: "Nobody"}, tt.alias}
		ack := h.must(core.Inbound{
			Kind: core.InboundMessage, ExternalID: fmt.Sprint(100 + i), Text: "x",
			Operator: core.Operator{ID: "55", Name: tt.name, Avatar: tt.avatar},
		})
		m, err := h.store.Message(t.Context(), h.project.ID, ack.MessageID)
		if err != nil {
			t.Fatal(err)
		}
		if m.Author == nil && tt.visitor != (core.Author{}) || m.Author != nil && *m.Author != tt.visitor || m.Operator != tt.operator {
			t.Errorf("%s: visitors see %+v, operators %q", tt.what, m.Author, m.Operator)
		}
	}
	h.project.Widget = core.Widget{Operator: "Acme support", Names: core.NamesTeam}
	var typing *core.Author
	defer h.bus.Subscribe(core.VisitorTopic(v.VisitorID), func(sig core.Signal) {
		if sig.Live != nil && sig.Live.Type == core.LiveTyping {
			typing = sig.Live.Author
		}
	})()
	h.must(core.Inbound{Kind: core.InboundTyping, On: true})
	if typing == nil || typing.Name != "Acme support" {
		t.Errorf("the visitor sees %+v typing", typing)
	}
	api := core.Actor{Sender: core.SenderOperator, ProjectID: h.project.ID, Via: core.ViaAPI, Name: "Robot", Avatar: "https://r.example/r.png"}
	if m := h.post(api, core.Post{SessionID: s.ID, Text: "beep"}).Message; *m.Author != (core.Author{Name: "Robot", Avatar: "https://r.example/r.png"}) {
		t.Errorf("a back end says itself who it is: %+v", m.Author)
	}
	api.Name, api.Avatar = "", ""
	if m := h.post(api, core.Post{SessionID: s.ID, Text: "beep"}).Message; *m.Author != (core.Author{Name: "Acme support"}) {
		t.Errorf("a back end that does not say who it is: %+v", m.Author)
	}
	if got := h.transcript(v, s.ID); !strings.HasSuffix(got, "operator: beep\noperator: beep") {
		t.Errorf("the visitor sees\n%s", got)
	}
}
