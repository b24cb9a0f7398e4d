package e2e

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"unicode"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// hostile is what visitors may write to fool a platform.
func hostile() []string {
	texts := []string{
		"@everyone @here <@1234567890> <@&42> <#99> </close:1> <t:1700000000:R> <:smile:12345>",
		"<!channel> <!here> <@U0123456> <#C0123456|general> <!subteam^S01|@team> <!date^1392734382^{date}|x> <https://evil.example|bank>",
		"@channel @here @olga @all tg://user?id=1 [x](tg://user?id=1)",
		"*bold* _it_ ~strike~ `code` ```\nfence\n``` **b** __u__ ~~s~~ ||spoiler|| > quote\n>>> block\n# head\n## two\n- a\n* b\n+ c\n1. one\n-# small",
		"[masked](https://evil.example) <a href=\"x\">x</a> <script>alert(1)</script> &lt;&gt;&amp;amp; &#x3c;",
		"\\*not\\_escaped\\\\ \\` \\< \\@everyone \\",
		"https://example.com/a_b_c*d*e?x=[1]&y=(2)#_f_ and http://x.example/`y`",
		"a\u202Ebidi\u202C \u2066iso\u2069 \u200Bzero\u200Dwidth \uFEFF",
		"control\x00\x01\x02\x1b[31m\x7f\u0085end", "tab\tnew\r\nline\rcr",
		"Z" + strings.Repeat("\u0351\u035c\u0489\u0321", 60) + "algo",
		"👩‍👩‍👧‍👦🇩🇪🇫🇷👍🏽" + strings.Repeat("e\u0301", 50),
		":smile: :+1::skin-tone-2: &amp;", "```", "`", "*", "~", "|", "<", "&", "@", ">", "#", "-", "\\",
		"/close", "!close", "//x", "!!y", "_italic_", "__init__", "snake_case_name", "2*3*4", "C:\\temp\\new", "- - -", "1) x", "   ",
		"\u2028line\u2029sep", "مرحبا *bold* שלום", "日本語のテキスト*強調*",
	}
	// 40,000 characters, with an escape at each place where a message may be cut.
	for _, edge := range []string{"*", "&", "<", "_", "\\", "😀", "`", "e\u0301"} {
		texts = append(texts, strings.Repeat("x", 1780)+strings.Repeat(edge, 200)+strings.Repeat("y", 1700)+strings.Repeat(edge, 400))
	}
	return append(append(texts, payloads()...), strings.Repeat("long * text _ with & marks < ", 1379), strings.Repeat("@", 3000), strings.Repeat("a@b ", 2000))
}

// payloads are those that the widget is tried with, a line each.
func payloads() (all []string) {
	lines, err := os.ReadFile("../widget/testdata/xss.txt")
	if err != nil {
		panic(err) // it stands in the repository
	}
	for line := range strings.Lines(string(lines)) {
		var payload string
		if json.Unmarshal([]byte(line), &payload) == nil { // the others are comments
			all = append(all, payload)
		}
	}
	return all
}

// plain leaves of a text what any platform must show of it: no white space, and
// nothing that has no look.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) || unicode.IsControl(r) || r == '\u200B' || r == '\u2060' || r == '\uFEFF' {
			return -1
		}
		return r
	}, kit.Clean(s))
}

// Whatever a visitor writes arrives on every platform as they wrote it: nothing
// lost, nobody called, no formatting that they did not mean as text.
func TestHostileTextOnEveryPlatform(t *testing.T) {
	t.Parallel()
	w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
	g := w.guests(1)[0]
	want, wantLabelled := "", ""
	sent := 0
	for _, text := range hostile() {
		if strings.TrimSpace(strings.ReplaceAll(text, "\x00", "")) == "" {
			continue // the core refuses an empty message
		}
		g.Post(t.Context(), text)
		want += plain(text)
		wantLabelled += "Visitor:" + plain(text)
		sent++
	}
	w.eventually("everything to be stored", func() bool { return g.State().Unacked == 0 })
	g.Post(t.Context(), "the end")
	for _, p := range g.platforms() {
		w.eventually(p.name()+" to show the end", func() bool { _, ok := find(p, "the end"); return ok })
	}
	telegram, discord, slack := "", "", ""
	for _, m := range w.telegram.State().In(g.telegram.(*telegramPlace).topic)[2:] {
		if introduces(m.Text) {
			continue
		}
		if len(m.Pings) > 0 {
			t.Errorf("Telegram calls %v by %.80q", m.Pings, m.Text)
		}
		for _, e := range m.Entities {
			if e.Type != "bold" && e.Type != "url" && e.Type != "bot_command" && e.Type != "email" {
				t.Errorf("Telegram formats %.80q as %s", m.Text, e.Type)
			}
		}
		telegram += m.Text
	}
	same(t, "Telegram", plain(telegram), wantLabelled+"Visitor:theend")
	for _, m := range w.discord.State().In(g.discord.(*discordPlace).thread)[2:] {
		shown := discordtest.Render(m.Content)
		if introduces(shown.Text) {
			continue
		}
		for _, s := range shown.Formatting() {
			if text := shown.Text[s.Start:s.End]; s.Kind != "bold" || text != "Visitor" {
				t.Errorf("Discord formats %.80q as %s", text, s.Kind)
			}
		}
		if len(shown.Mentions) > 0 || len(m.Pings) > 0 || !m.Quiet() {
			t.Errorf("Discord calls %v %v, quiet %v", shown.Mentions, m.Pings, m.Quiet())
		}
		discord += shown.Text
	}
	same(t, "Discord", plain(discord), wantLabelled+"Visitor:theend")
	state := w.slack.State()
	for _, m := range state.In(g.slack.(*slackPlace).thread)[1:] {
		if introduces(m.Rendered.Text) {
			continue
		}
		if len(m.Rendered.Spans) > 0 {
			t.Errorf("Slack formats %+v", m.Rendered.Spans)
		}
		slack += m.Rendered.Text
	}
	if len(state.Mentions()) > 0 || len(state.Violations) > 0 {
		t.Errorf("Slack calls %+v; violations %+v", state.Mentions(), state.Violations)
	}
	same(t, "Slack", plain(slack), want+"theend")
	t.Logf("%d hostile texts on 3 platforms: 0 lost, 0 calls, 0 formats", sent)
}

// introduces reports whether the text says what the platform cannot do.
func introduces(text string) bool { return strings.HasPrefix(text, "Good to know") }

// same compares texts and shows where they part.
func same(t *testing.T, where, got, want string) {
	t.Helper()
	g, w := []rune(got), []rune(want)
	for i := range min(len(g), len(w)) {
		if g[i] != w[i] {
			t.Errorf("%s shows %q where it should show %q", where, string(g[max(0, i-40):min(len(g), i+40)]), string(w[max(0, i-40):min(len(w), i+40)]))
			return
		}
	}
	if len(g) != len(w) {
		t.Errorf("%s shows %d letters, should show %d", where, len(g), len(w))
	}
}
