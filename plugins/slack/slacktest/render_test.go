package slacktest_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/slack/slacktest"
)

func TestMrkdwn(t *testing.T) {
	type rendered = slacktest.Rendered
	type span = slacktest.Span
	for _, tt := range []struct {
		text string
		want rendered
	}{
		{"plain", rendered{Text: "plain"}},
		{"a &lt;b&gt; &amp;amp; c", rendered{Text: "a <b> &amp; c"}},
		{"*bold* and _it_ ~gone~", rendered{Text: "bold and it gone", Spans: []span{{"bold", "bold"}, {"italic", "it"}, {"strike", "gone"}}}},
		{"*_both_ bold*", rendered{Text: "both bold", Spans: []span{{"italic", "both"}, {"bold", "both bold"}}}},
		{"`a *b*`", rendered{Text: "a *b*", Spans: []span{{"code", "a *b*"}}}},
		{"2*3*4 snake_case_name a * b * c", rendered{Text: "2*3*4 snake_case_name a * b * c"}},
		{"*\u200bno\u200b* *open\nclosed*", rendered{Text: "*\u200bno\u200b* *open\nclosed*"}},
		{"x\n```a\n*b*```\ny", rendered{Text: "x\na\n*b*\ny", Spans: []span{{"pre", "a\n*b*"}}}},
		{"&gt; said\n> so\nanswer", rendered{Text: "said\nso\nanswer", Spans: []span{{"quote", "said\nso"}}}},
		{"&gt;&gt;&gt; all\nof it", rendered{Text: "all\nof it", Spans: []span{{"quote", "all\nof it"}}}},
		{"<https://a.b/x_y_z|a _b_> <mailto:a@b.c|a@b.c>", rendered{Text: "a _b_ a@b.c",
			Links: []slacktest.Link{{URL: "https://a.b/x_y_z", Text: "a _b_"}, {URL: "mailto:a@b.c", Text: "a@b.c"}}}},
		{"<!here> <!channel|c> <@U1> <#C1|chats> <!subteam^S1|@ops>", rendered{Text: "@here @channel @U1 chats @ops", Mentions: []slacktest.Mention{
			{Kind: "broadcast", ID: "here", Text: "@here"}, {Kind: "broadcast", ID: "channel", Text: "@channel"}, {Kind: "user", ID: "U1", Text: "@U1"},
			{Kind: "channel", ID: "C1", Text: "chats"}, {Kind: "group", ID: "S1", Text: "@ops"}}}},
		{"<!date^1^{date}|today> @here typed", rendered{Text: "today @here typed"}},
		{"hi :smile: at 10:30:45", rendered{Text: "hi :smile: at 10:30:45", Emoji: []string{"smile"}}},
		{"<not a token", rendered{Text: "<not a token"}},
	} {
		if got := slacktest.Render(tt.text, nil); !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%q\n got %+v\nwant %+v", tt.text, got, tt.want)
		}
	}
}

func TestBlocks(t *testing.T) {
	blocks := json.RawMessage(`[
		{"type":"header","text":{"type":"plain_text","text":"Session"}},
		{"type":"section","text":{"type":"mrkdwn","text":"*Anna* &lt;a@b.c&gt;"},"fields":[{"type":"plain_text","text":"*not bold*"}],
		 "accessory":{"type":"button","action_id":"open","text":{"type":"plain_text","text":"Open"},"url":"https://a.example"}},
		{"type":"rich_text","elements":[
			{"type":"rich_text_section","elements":[{"type":"text","text":"*literal* <!here> :x: "},{"type":"text","text":"strong","style":{"bold":true}},
			 {"type":"user","user_id":"U1"},{"type":"broadcast","range":"here"},{"type":"link","url":"https://b.example"},{"type":"emoji","name":"eyes"}]},
			{"type":"rich_text_quote","elements":[{"type":"text","text":"quoted"}]},
			{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"item"}]}]},
			{"type":"rich_text_preformatted","elements":[{"type":"text","text":"code"}]}]},
		{"type":"context","elements":[{"type":"mrkdwn","text":"_small_"}]},
		{"type":"divider"},{"type":"hologram"},
		{"type":"actions","block_id":"b1","elements":[{"type":"button","action_id":"close","value":"v","text":{"type":"plain_text","text":"Close"}}]}]`)
	r := slacktest.Render("fallback", blocks)
	if want := "Session\nAnna <a@b.c>\n*not bold*\n*literal* <!here> :x: strong@U1@herehttps://b.example:eyes:\nquoted\nitem\ncode\nsmall"; r.Text != want {
		t.Errorf("text\n%s\nwant\n%s", r.Text, want)
	}
	if want := []slacktest.Span{{Style: "header", Text: "Session"}, {Style: "bold", Text: "Anna"}, {Style: "bold", Text: "strong"}, {Style: "quote", Text: "quoted"},
		{Style: "list", Text: "item"}, {Style: "pre", Text: "code"}, {Style: "italic", Text: "small"}}; !slices.Equal(r.Spans, want) {
		t.Errorf("spans %v", r.Spans)
	}
	if len(r.Mentions) != 2 || r.Mentions[0].ID != "U1" || r.Mentions[1].ID != "here" || len(r.Links) != 1 || !slices.Equal(r.Emoji, []string{"eyes"}) {
		t.Errorf("mentions %v, links %v, emoji %v", r.Mentions, r.Links, r.Emoji)
	}
	if want := []slacktest.Button{{Text: "Open", ActionID: "open", URL: "https://a.example"}, {Text: "Close", ActionID: "close", BlockID: "b1", Value: "v"}}; !slices.Equal(r.Buttons, want) {
		t.Errorf("buttons %v", r.Buttons)
	}
}

func TestTypedText(t *testing.T) {
	s := start(t)
	olga := s.Operator("Olga")
	c := connect(t, s)
	for _, tt := range []struct{ typed, text, shown string }{
		{"a < b & c > d", "a &lt; b &amp; c &gt; d", "a < b & c > d"},
		{"see https://a.b/x?y=1&z=2.", "see <https://a.b/x?y=1&amp;z=2>.", "see https://a.b/x?y=1&z=2."},
		{"*strong* 👍🏽", "*strong* :+1::skin-tone-4:", "strong :+1::skin-tone-4:"},
		{"> quoted\nanswer", "&gt; quoted\nanswer", "quoted\nanswer"},
		{"<!here> @here", "&lt;!here&gt; @here", "<!here> @here"},
	} {
		ts := olga.Message("", tt.typed)
		if e := c.event(); e.Text != tt.text || !strings.HasPrefix(string(e.Blocks), `[{"`) {
			t.Errorf("%q arrives as %q with %s", tt.typed, e.Text, e.Blocks)
		}
		m := s.State().Message(ts)
		if m.Rendered.Text != tt.shown || len(m.Rendered.Mentions) != 0 || m.Author != "olga" {
			t.Errorf("%q is shown as %+v", tt.typed, m.Rendered)
		}
		if alone := slacktest.Render(m.Text, nil); alone.Text != m.Rendered.Text || !reflect.DeepEqual(alone.Spans, m.Rendered.Spans) {
			t.Errorf("%q: text and blocks differ: %+v, %+v", tt.typed, alone, m.Rendered)
		}
	}
}

func TestViolations(t *testing.T) {
	s := start(t)
	rules := func() (all string) {
		for _, v := range s.State().Violations {
			all += v.Rule + "; "
		}
		return all
	}
	parent := post(t, s, "", "clean &lt;!here&gt; @here <!date^1^{date}|today> *x*")
	call(t, s, "chat.update", args{"ts": parent, "text": "clean @here", "parse": "none"})
	if got := rules(); got != "" {
		t.Errorf("clean posts give %s", got)
	}
	for _, tt := range []struct {
		params args
		want   string
	}{
		{args{"text": "<!here>"}, "raw mention; it calls a broadcast"},
		{args{"text": "<@U1>"}, "raw mention; it calls a user"},
		{args{"text": "@here", "link_names": "1"}, "link_names is on; it calls a broadcast"},
		{args{"text": "@olga", "parse": "full"}, "parse is full; it calls a name"},
		{args{"text": "x", "unfurl_media": "true"}, "unfurl_media is not false"},
		{args{"text": "x", "blocks": `[{"type":"section","text":{"type":"mrkdwn","text":"<!everyone>"}}]`}, "it calls a broadcast"},
	} {
		before := rules()
		post(t, s, parent, "", tt.params)
		got := strings.TrimPrefix(rules(), before)
		for _, part := range strings.Split(tt.want, "; ") {
			if !strings.Contains(got, part) {
				t.Errorf("%v gives %q, want %q", tt.params, got, tt.want)
			}
		}
	}
	before := rules()
	call(t, s, "chat.postMessage", args{"text": "x"})
	call(t, s, "chat.update", args{"ts": parent, "text": "now @channel"})
	if got := strings.TrimPrefix(rules(), before); !strings.Contains(got, "unfurl_links is not false") || !strings.Contains(got, "without parse=none") {
		t.Errorf("got %q", got)
	}
	if got := s.State().Mentions(); len(got) != 5 {
		t.Errorf("mentions %v", got)
	}
}
