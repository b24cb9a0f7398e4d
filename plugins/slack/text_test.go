package main

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// rendered is what people see of a text, and what its fallback is.
func rendered(t *testing.T, text kit.Text) (shown, fallback slacktest.Rendered, escaped string) {
	t.Helper()
	raw, err := json.Marshal(blocks(text, elements))
	if err != nil {
		t.Fatal(err)
	}
	escaped = escape(text.String())
	return slacktest.Render(escaped, raw), slacktest.Render(escaped, nil), escaped
}

var corpus = []string{
	"<!channel> <!here> <!everyone> @channel @here @everyone <@U0ADMIN> <#C0CHATS> <!subteam^S1|@x>",
	"<https://evil.example|https://good.example> <mailto:a@b.example|x> <!date^1392734382^{date}|soon>",
	"&lt;!channel&gt; &amp;lt; &amp;amp; &", "*bold* _it_ ~no~ `code` ```pre```", "> quote\n>>> more\n• list\n1. one",
	":smile: :+1::skin-tone-2: :white_check_mark:", "https://acme.example/a(b)?x=<y>&z=\"1\" http://x. https:// http://[::1]:8/ ftp://no",
	"zalgo " + strings.Repeat("\u0301", 200), "\u202eoverride\u202c \u200f", "👩‍👩‍👧‍👦 🇳🇴", "a\tb\nc\n\n\nd",
}

func checkText(t *testing.T, text string) {
	t.Helper()
	shown, fallback, escaped := rendered(t, kit.Words(text))
	if shown.Text != text {
		t.Errorf("shown %q, want %q", shown.Text, text)
	}
	if len(shown.Spans)+len(shown.Emoji)+len(shown.Mentions)+len(fallback.Mentions) > 0 {
		t.Errorf("%q is formatted %+v or calls somebody: %+v, %+v", text, shown.Spans, shown.Mentions, fallback.Mentions)
	}
	for _, l := range shown.Links {
		if l.URL != l.Text || !strings.HasPrefix(l.URL, "http") {
			t.Errorf("%q hides %q behind %q", text, l.URL, l.Text)
		}
	}
	if strings.ContainsAny(escaped, "<>") {
		t.Errorf("not escaped: %q", escaped)
	}
}

func TestTextIsShownToTheLetter(t *testing.T) {
	for _, text := range corpus {
		checkText(t, text)
	}
}

func FuzzText(f *testing.F) {
	for _, text := range corpus {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if text = kit.Clean(text); strings.TrimSpace(text) == "" || len(text) > 10_000 {
			t.Skip("Slack takes no empty text")
		}
		checkText(t, text)
	})
}

func TestStyles(t *testing.T) {
	shown, _, _ := rendered(t, kit.Text{{Style: kit.Bold, Text: "Anna"}, {Style: kit.Plain, Text: " says "}, {Style: kit.Italic, Text: "hi"}})
	want := []slacktest.Span{{Style: "bold", Text: "Anna"}, {Style: "italic", Text: "hi"}}
	if !slices.Equal(shown.Spans, want) || shown.Text != "Anna says hi" {
		t.Errorf("shown %+v", shown)
	}
}

// 40,000 characters of the worst kinds arrive whole, in pieces that can be edited.
func TestLongTexts(t *testing.T) {
	for _, unit := range []string{"x", "&", "<!channel> ", "👩‍👩‍👧‍👦", "&amp;", "e\u0301"} {
		text := strings.Repeat(unit, 40_000/utf8.RuneCountInString(unit))
		var b strings.Builder
		for _, part := range kit.Words(text).Split(format.Text, format.Measure) {
			shown, _, escaped := rendered(t, part)
			if n := kit.UTF16(escaped); n > maxText {
				t.Fatalf("a piece of %d", n)
			}
			b.WriteString(shown.Text)
		}
		if b.String() != text {
			t.Errorf("%q: the pieces are not the text", unit)
		}
	}
	r := newRig(t)
	r.open()
	m := visitorSays("msg_1", strings.Repeat("<&> ", 10_000))
	r.must(posted(m))
	r.must(editedTo(m, strings.Repeat("&<> ", 10_000)))
	got := ""
	for _, s := range r.Messages(r.parent()) {
		got += s.Rendered.Text
	}
	if strings.Join(strings.Fields(got), " ") != strings.TrimSpace(m.Text) {
		t.Error("the edited text is not whole")
	}
	r.wantClean()
}

func TestPlain(t *testing.T) {
	name := func(user string) string { return "user " + user }
	for wire, want := range map[string]string{
		"hi &amp; bye &lt;b&gt;":                         "hi & bye <b>",
		"&amp;lt;!channel&amp;gt;":                       "&lt;!channel&gt;",
		"ask <@U3>, <@U4|anna>":                          "ask @user U3, @anna",
		"in <#C1|chats> or <#C2>":                        "in #chats or #channel",
		"<!here> <!channel|channel> <!subteam^S1|@team>": "@here @channel @team",
		"<!date^1392734382^{date}|Feb 18>":               "Feb 18",
		"<https://a.b> <https://a.b/c?d=1&amp;e=2>":      "https://a.b https://a.b/c?d=1&e=2",
		"<https://a.b|the page> <http://a.b|a.b>":        "the page (https://a.b) http://a.b",
		"<mailto:a@b.c|a@b.c> <mailto:a@b.c|mail>":       "a@b.c mail (a@b.c)",
		":+1: :+1::skin-tone-4: :acme-logo: 10:30:45":    "👍 👍🏽 :acme-logo: 10:30:45",
		":v::skin-tone-2: :heart:":                       "✌🏻 ❤️",
		"&lt;@U3&gt;":                                    "<@U3>",
		"a < b":                                          "a < b",
		"":                                               "",
	} {
		if got := plain(wire, name); got != want {
			t.Errorf("%q is read as %q, want %q", wire, got, want)
		}
	}
}

func TestBlocksWithoutText(t *testing.T) {
	for raw, want := range map[string]string{
		`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"a <b> "},{"type":"user","user_id":"U3"},
		  {"type":"emoji","name":"smile"},{"type":"link","url":"https://a.b","text":"page"},{"type":"hologram","x":{}}]}]}]}`: "a <b> @Olga😄page (https://a.b)",
		`{"blocks":[{"type":"section","text":{"type":"mrkdwn","text":"one &amp; <https://a.b>"}},{"type":"section","text":{"type":"plain_text","text":"two"}}]}`: "one & https://a.b\ntwo",
		`{"blocks":[{"type":"rich_text","elements":[{"type":"rich_text_list","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x"}]},
		  {"type":"rich_text_section","elements":[{"type":"text","text":"y"}]}]}]}]}`: "x\ny",
		`{"attachments":[{"fallback":"a card"},{"text":"more"}]}`: "a card\nmore",
		`{"text":"said","blocks":[{"type":"divider"}]}`:           "said",
		`{"blocks":[{"type":"hologram"}]}`:                        "",
	} {
		got := plain(readMessage([]byte(raw)).says(), func(string) string { return "Olga" })
		if strings.TrimSpace(got) != want {
			t.Errorf("%s says %q, want %q", raw, got, want)
		}
	}
}

// Whatever Slack sends is read without harm.
func FuzzPlain(f *testing.F) {
	for _, s := range []string{"<@U1|x> &amp;lt; <", "<<>>:x::skin-tone-2:", "<!date^|>", ":+1::skin-tone-9:", "<|>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, wire string) {
		got := plain(wire, func(string) string { return "Olga" })
		if !strings.ContainsAny(wire, "<&:") && got != wire {
			t.Errorf("%q became %q", wire, got)
		}
	})
}

func TestMirroredLinkOfAFile(t *testing.T) {
	m := kit.Outgoing{Text: kit.Words("see"), File: &plugin.Attachment{Name: "a_b*.pdf", Size: 1 << 20, URL: "https://chat.example/files/1?s=a&e=2"}}
	shown, _, _ := rendered(t, m.WithoutFile().Text)
	if len(shown.Links) != 1 || shown.Links[0].URL != m.File.URL || len(shown.Spans) > 0 {
		t.Errorf("shown %+v", shown)
	}
}
