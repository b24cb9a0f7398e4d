package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// corpus is what strangers type.
var corpus = []string{
	"**bold** *it* _it_ __u__ ~~s~~ ||spoiler|| `code` ```go\nblock```", "# h\n## h\n-# sub\n> q\n>>> rest\n- a\n* b\n+ c\n1. one\n 22. two",
	"@everyone @here <@5> <@!5> <@&7> <#800> </close:9> <id:customize> <t:0:R> <:a:12> <a:b:12> :tada: :heart_eyes: :+1:",
	"[click](https://evil.example) [x](<https://evil.example>) https://a.example/x_y_z*?q=[1](2)#**b** (see https://b.example/c).",
	`\ \\ \* \@everyone ¯\_(ツ)_/¯ trailing \`, "a\u202Eb \u2066c", "z\u0301\u0302\u0303\u0304 👩‍👩‍👧‍👦 🇫🇷", "10:30 note: 1.5 a-b a+b #1 5 > 3 && 2 < 4",
	"http://", "<https://x.example/@everyone>", "https://x.example/`a`", "***", "** a **", "_a_b_", "```", "``", "~~~", "* ", "1.", "-", ">", "#",
	"https://a.example/) and https://a.example/(b)", "line\n\n\n# end", "\t# tab", "a\u2028# b", "https://a.example\\", "|| a ||",
}

func looksLike(t *testing.T, content, want string) {
	t.Helper()
	got := discordtest.Render(content)
	if strings.TrimSpace(got.Text) != strings.TrimSpace(want) || !got.Plain() {
		t.Errorf("%q is sent as %q and shown as %+v", want, content, got)
	}
}

func TestWhatStrangersTypeIsShownAsItIs(t *testing.T) {
	for _, s := range append(corpus, strings.Join(corpus, "\n")) {
		looksLike(t, textOf(kit.Words(s)), s)
	}
}

func TestStylesFormatTheirWordsAlone(t *testing.T) {
	for _, s := range corpus {
		content := textOf(kit.Text{}.With(kit.Bold, s).With(kit.Plain, " · "+s).With(kit.Plain, "\n").With(kit.Italic, s))
		got := discordtest.Render(content)
		if strings.Join(strings.Fields(got.Text), " ") != strings.Join(strings.Fields(s+" · "+s+"\n"+s), " ") || len(got.Mentions) > 0 {
			t.Errorf("%q is sent as %q and shown as %+v", s, content, got)
		}
		for _, span := range got.Formatting() {
			if span.Kind != "bold" && span.Kind != "italic" {
				t.Errorf("%q formats as %s", content, span.Kind)
			}
		}
	}
}

func FuzzText(f *testing.F) {
	for _, s := range corpus {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		s = kit.Clean(s)
		content := textOf(kit.Words(s))
		looksLike(t, content, s)
		if got := kit.CodePoints(content); got > measure(s) {
			t.Errorf("%q becomes %d code points, counted as %d", s, got, measure(s))
		}
	})
}

// 40,000 characters arrive in parts that Discord takes, joined the same, wherever
// they are cut.
func TestLongTextsArriveWhole(t *testing.T) {
	for name, unit := range map[string]string{
		"words": "word ", "escapes": "*_~`|", "addresses": "https://a.example/x_y*z ", "families": "👩‍👩‍👧‍👦", "zalgo": "z\u0301\u0302\u0303\u0304\u0305", "lines": "- a\n",
		"everyone": "@everyone", "emoji": ":tada:", "backslashes": `\`,
	} {
		t.Run(name, func(t *testing.T) {
			r := newRig(t)
			r.open()
			long := strings.Repeat(unit, 40_000/len([]rune(unit)))
			r.must(posted(&plugin.Message{ID: "msg_1", Sender: "system", Text: long}))
			var shown strings.Builder
			for _, part := range r.said() {
				if n := kit.CodePoints(part); n > 2000 {
					t.Fatalf("a part of %d code points", n)
				}
				got := discordtest.Render(part)
				if !got.Plain() {
					t.Fatalf("a part is formatted: %+v", got.Formatting())
				}
				shown.WriteString(got.Text)
			}
			if got, want := strings.Join(strings.Fields(shown.String()), ""), strings.Join(strings.Fields(long), ""); got != want {
				t.Errorf("%d bytes were shown, want %d", len(got), len(want))
			}
			if len(r.State().Pinging()) > 0 {
				t.Error("somebody was called")
			}
		})
	}
}

func TestCardOfAnythingFits(t *testing.T) {
	r := newRig(t)
	r.session.Info.Visitor.Name = strings.Repeat("*Ann*", 100)
	for i, key := range []string{"title", "url", "referrer", "language", "timezone", "browser", "os", "device", "screen", "a_b", "c_d"} {
		r.session.Info.Metadata[key] = strings.Repeat(corpus[i], 20)
	}
	thread := r.open()
	card := r.State().Message(thread).Content
	if closed, ok := kit.CardSays(card); !ok || closed {
		t.Errorf("card %q", card)
	}
	kinds := map[string]bool{}
	for _, span := range discordtest.Render(card).Formatting() {
		kinds[span.Kind] = true
	}
	if len(kinds) != 1 || !kinds["bold"] || len(r.State().Pinging()) > 0 || slices.ContainsFunc(r.State().Log, func(c discordtest.Request) bool { return c.Status >= 400 }) {
		t.Errorf("card %q formats as %v", card, kinds)
	}
}
