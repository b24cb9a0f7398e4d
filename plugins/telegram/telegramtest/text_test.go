package telegramtest_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

var epoch = time.Unix(1_760_000_000, 0)

const actionLasts = 5 * time.Second

func TestTextLimits(t *testing.T) {
	s := start(t)
	for _, c := range []struct {
		text, want string
	}{
		{strings.Repeat("👩", 4096), ""},
		{strings.Repeat("x", 4097), "Bad Request: message is too long"},
		{"  " + strings.Repeat("x", 4096) + "\n\n", ""},
		{strings.Repeat("x", 32769), "Bad Request: text is too long"},
		{"", "Bad Request: message text is empty"},
		{" \n\t", "Bad Request: text must be non-empty"},
	} {
		a := call(t, s, "sendMessage", obj{"text": c.text})
		if a.OK != (c.want == "") || a.Description != c.want {
			t.Errorf("%d bytes: %q, want %q", len(c.text), a.Description, c.want)
		}
	}
}

func TestEntities(t *testing.T) {
	s := start(t)
	bold := func(text string, offset, length int) answer {
		return call(t, s, "sendMessage", obj{"text": text, "entities": []obj{{"type": "bold", "offset": offset, "length": length}}})
	}
	bold("  👩 hi", 2, 2).want(t, 200, "")
	if got := s.Messages(0)[0]; got.Text != "👩 hi" || !slices.Equal(got.Entities, []telegramtest.Entity{{Type: "bold", Length: 2}}) {
		t.Errorf("trimmed %+v", got)
	}
	bold("👩 hi", 0, 1).want(t, 400, "Bad Request: entity begins or ends in a middle of a UTF-16 symbol")
	bold("hi", 1, 5).want(t, 400, "Bad Request: entity ends after the end of the text")
	bold("hi", -1, 1).want(t, 400, "Bad Request: ENTITY_BOUNDS_INVALID")
	call(t, s, "sendMessage", obj{"text": "hi", "entities": []obj{{"type": "blink", "offset": 0, "length": 1}}}).want(t, 400, "Bad Request: can't parse entities: Unsupported type")

	send(t, s, 0, "@olga /close@my_bot a@b.example https://a.example")
	last := s.Messages(0)[1]
	var kinds []string
	for _, e := range last.Entities {
		kinds = append(kinds, e.Type)
	}
	if !slices.Equal(kinds, []string{"mention", "bot_command", "url"}) || !slices.Equal(last.Pings, []string{"@olga"}) {
		t.Errorf("found %v, pings %v", kinds, last.Pings)
	}
}

func TestHTML(t *testing.T) {
	s := start(t)
	html := func(text string) answer {
		return call(t, s, "sendMessage", obj{"text": text, "parse_mode": "HTML"})
	}
	html(`👩 <b>a &lt;&amp</b> <a href="https://a.example/?x=1&amp;y">l</a>&nbsp;`).want(t, 200, "")
	got := s.Messages(0)[0]
	if got.Text != "👩 a <& l&nbsp;" || !slices.Contains(got.Entities, telegramtest.Entity{Type: "bold", Offset: 3, Length: 4}) ||
		!slices.Contains(got.Entities, telegramtest.Entity{Type: "text_link", Offset: 8, Length: 1, URL: "https://a.example/?x=1&y"}) {
		t.Errorf("parsed %q %+v", got.Text, got.Entities)
	}
	html("ab <x>").want(t, 400, `Bad Request: can't parse entities: Unsupported start tag "x" at byte offset 3`)
	html("<b>ab").want(t, 400, "Bad Request: can't parse entities: Can't find end tag corresponding to start tag")
	html("<b>a</i>").want(t, 400, "Bad Request: can't parse entities: Unmatched end tag at byte offset 4")
	html("a < b").want(t, 400, "Bad Request: can't parse entities: Unclosed start tag at byte offset 2")
	call(t, s, "sendMessage", obj{"text": "x", "parse_mode": "RTF"}).want(t, 400, "Bad Request: unsupported parse_mode")
}
