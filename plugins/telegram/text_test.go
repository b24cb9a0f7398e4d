package main

import (
	"strings"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
)

func TestCalm(t *testing.T) {
	for in, want := range map[string]string{
		"@olga":          "@\u2060olga",
		"@@olga":         "@\u2060@\u2060olga",
		"hi (@olga)":     "hi (@\u2060olga)",
		"anna@b.example": "anna@b.example",
		"é@b":            "é@b",
		"👍@olga":         "👍@\u2060olga",
		"none":           "none",
		"":               "",
	} {
		if got := calm(in); got != want {
			t.Errorf("calm(%q) = %q, want %q", in, got, want)
		}
	}
}

// Whatever a visitor writes arrives, calls nobody and has no format but the name.
func TestHostileText(t *testing.T) {
	r := newRig(t)
	topic := r.open()
	for i, s := range []string{
		"</b><a href=\"javascript:alert(1)\">x</a>", "*_~`[x](tg://user?id=1)`", "\\_x_ \\", "@olga@olga", "@everyone @here @channel",
		"\u202Egnp.exe", "\xff\xfe", "\x00\x01\x02", strings.Repeat("e\u0301", 5000), strings.Repeat("👩‍👩‍👧‍👦", 900), strings.Repeat("a\u0301\u0302\u0303", 3000),
		strings.Repeat("\n", 5000) + "x", "/close", "\u2060", "\u200B",
	} {
		m := visitorSays("msg_"+itoa(i), s)
		m.Name = s
		r.must(posted(m))
	}
	for _, m := range r.Messages(topic)[1:] {
		if len(m.Pings) > 0 {
			t.Errorf("%q pings %v", m.Text, m.Pings)
		}
		for _, e := range m.Entities {
			if e.Type != "bold" && e.Type != "bot_command" {
				t.Errorf("%.60q has a %s", m.Text, e.Type)
			}
		}
	}
}

func TestHostileCard(t *testing.T) {
	r := newRig(t)
	evil := strings.Repeat("@olga <b>\n\u202E", 200)
	r.session.Info.Visitor = plugin.Visitor{Name: evil, Email: evil, Traits: map[string]string{evil: evil, "empty": ""}}
	r.session.Info.Metadata = map[string]string{"url": "https://x.example/" + evil, "title": evil}
	for i := range 60 {
		r.session.Info.Metadata["key"+itoa(i)] = evil
	}
	topic := r.open()
	state := r.State()
	if name := state.Topic(topic).Name; strings.ContainsAny(name, "\n\u202E") || len([]rune(name)) > 128 {
		t.Errorf("topic name %q", name)
	}
	card := state.In(topic)[0]
	if len(card.Pings) > 0 || len([]rune(card.Text)) > format.Text || strings.Contains(card.Text, "empty") {
		t.Errorf("card %q", card.Text)
	}
	for _, e := range card.Entities {
		if e.Type != "bold" && e.Type != "url" {
			t.Errorf("the card has a %+v", e)
		}
	}
}
