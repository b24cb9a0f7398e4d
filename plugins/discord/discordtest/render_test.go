package discordtest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

func TestRender(t *testing.T) {
	for _, tt := range []struct {
		content, text, spans string // spans: "kind:piece", in order, by "|"
	}{
		{"hello", "hello", ""},
		{"**b** *i* _j_ __u__ ~~s~~ ||p|| `c`", "b i j u s p c", "bold:b|italic:i|italic:j|underline:u|strike:s|spoiler:p|code:c"},
		{"***bi***", "bi", "italic:bi|bold:bi"},
		{`\*\*b\*\* \_i\_ \~\~s\~\~ \|\|p\|\| \` + "`c\\`", "**b** _i_ ~~s~~ ||p|| `c`", ""},
		{`\\*x*`, `\x`, "italic:x"},
		{`C:\dir\_x`, `C:\dir_x`, ""},
		{"snake_case_name 2 * 3 * 4", "snake_case_name 2 * 3 * 4", ""},
		{"``a ` b``", "a ` b", "code:a ` b"},
		{"```go\nx := *p*\n```", "x := *p*", "codeblock:x := *p*"},
		{"``` open", "``` open", ""},
		{"# T\n## U\n-# s\n#no #### no", "T\nU\ns\n#no #### no", "heading:T|heading:U|subtext:s"},
		{"a # b", "a # b", ""},
		{`\# T`, "# T", ""},
		{"- a\n* b\n+ c\n  1. d\n1.e", "- a\n* b\n+ c\n  1. d\n1.e", "list:- a|list:* b|list:+ c|list:  1. d"},
		{"\\- a\n1\\. d", "- a\n1. d", ""},
		{"> q **b**\nnot", "q b\nnot", "bold:b|quote:q b"},
		{"x\n>>> q\n> r", "x\nq\n> r", "quote:q\n> r"},
		{`\> q >no`, "> q >no", ""},
		{"[t **b**](https://e.x/a) [no](e.x)", "t b [no](e.x)", "bold:b|link:t b"},
		{`\[t\](https://e.x)`, "[t](https://e.x)", "url:https://e.x"},
		{"<https://e.x/_a_*b*> (https://e.x/a_b_c).", "https://e.x/_a_*b* (https://e.x/a_b_c).", "url:https://e.x/_a_*b*|url:https://e.x/a_b_c"},
		{`https://e.x/a\_b`, `https://e.x/a\_b`, `url:https://e.x/a\_b`},
		{`https://\<@1> https://\*x*`, "https://<@1> https://\\*x*", `url:https://\*x*`},
		{"<@1> <@!2> <@&3> <#4> </cmd sub:5> <id:browse> @everyone @here", "<@1> <@!2> <@&3> <#4> </cmd sub:5> <id:browse> @everyone @here",
			"mention:<@1>|mention:<@!2>|mention:<@&3>|mention:<#4>|mention:</cmd sub:5>|mention:<id:browse>|mention:@everyone|mention:@here"},
		{`\<@1> \@everyone`, "<@1> @everyone", ""},
		{"`<@1>`", "<@1>", "code:<@1>"},
		{"<t:1618953630:R> <:wave:12345> <a:dance:1>", "<t:1618953630:R> <:wave:12345> <a:dance:1>", "timestamp:<t:1618953630:R>|emoji:<:wave:12345>|emoji:<a:dance:1>"},
		{`:tada: 12:30:45 \:tada:`, ":tada: 12:30:45 :tada:", "shortcode::tada:"},
		{shrug, shrug, ""},
		{"*\u202eabc* <b>&amp;", "\u202eabc <b>&amp;", "italic:\u202eabc"},
	} {
		r := discordtest.Render(tt.content)
		var spans []string
		for _, s := range r.Spans {
			spans = append(spans, s.Kind+":"+r.Text[s.Start:s.End])
		}
		if got := strings.Join(spans, "|"); r.Text != tt.text || got != tt.spans {
			t.Errorf("%q\n is shown %q, %s\n want     %q, %s", tt.content, r.Text, got, tt.text, tt.spans)
		}
	}
}

const shrug = `¯\_(ツ)_/¯`

func TestRenderedAnswers(t *testing.T) {
	r := discordtest.Render("<@1> <@&2> @here [a](https://b.example)")
	want := []discordtest.Mention{{Kind: "user", ID: "1"}, {Kind: "role", ID: "2"}, {Kind: "here"}}
	if !slices.Equal(r.Mentions, want) {
		t.Errorf("mentions %v", r.Mentions)
	}
	if r.Plain() || discordtest.Render("**x**").Plain() || !discordtest.Render("see https://a.example").Plain() {
		t.Error("what is plain and what is not is mixed up")
	}
	if link := r.Spans[3]; link.Kind != "link" || link.Target != "https://b.example" {
		t.Errorf("link %+v", link)
	}
}
