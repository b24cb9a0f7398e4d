package slacktest

import (
	"fmt"
	"regexp"
)

// Violation is something that a careful app does not do.
type Violation struct {
	Method string
	TS     string // of the message
	Rule   string // in words
	Text   string // where it was seen
}

func (v Violation) String() string {
	return fmt.Sprintf("%s %s: %s: %.80q", v.Method, v.TS, v.Rule, v.Text)
}

var (
	rawMention = regexp.MustCompile(`<[@#]|<!`)
	rawDate    = regexp.MustCompile(`<!date\^[^>]*>`)
	typedCall  = regexp.MustCompile(`@(here|channel|everyone)\b`)
)

// inspect notes what a careful app would not have sent. It needs s.mu.
func (c *call) inspect(m *Message) {
	note := func(rule, text string) {
		c.wrongs = append(c.wrongs, Violation{c.entry.Method, m.TS, rule, text})
	}
	if rawMention.MatchString(rawDate.ReplaceAllString(m.Text, "")) {
		note("the text has a raw mention", m.Text)
	}
	if c.bool("link_names") {
		note("link_names is on", m.Text)
	}
	if c.params["parse"] == "full" {
		note("parse is full", m.Text)
	}
	for _, mention := range m.Rendered.Mentions {
		note("it calls a "+mention.Kind, mention.ID)
	}
	switch c.entry.Method {
	case "chat.postMessage":
		for _, name := range []string{"unfurl_links", "unfurl_media"} {
			if !c.off(name) {
				note(name+" is not false", m.Text)
			}
		}
	case "chat.update":
		if c.params["parse"] == "" && len(m.Blocks) == 0 && typedCall.MatchString(m.Text) {
			note("an update without parse=none may call somebody", m.Text)
		}
	}
	if parent := c.messages[m.Wanted]; parent != nil && parent.Thread != "" {
		note("thread_ts is a reply's", m.Wanted)
	}
}
