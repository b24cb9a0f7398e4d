package main

import (
	"net/url"
	"regexp"
	"strings"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/slack-go/slack"
)

// format is what Slack takes, in UTF-16 units of the escaped text. A message can
// have 40,000, but only those up to 4,000 can be edited; some room is left for a
// name, where the app may not show one beside the message.
var format = kit.Format{Text: 3900, Caption: 3000, Measure: measure, Speaks: true, IsUser: userID.MatchString}

var userID = regexp.MustCompile(`^[UW][A-Z0-9]{1,20}$`)

const maxText = 4000

func measure(s string) int { return kit.UTF16(escape(s)) }

var escaper = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// escape makes text for Slack's markup, in which nobody can be called then. It is
// what the library does once more with what it is given: only to measure.
func escape(s string) string { return escaper.Replace(s) }

var address = regexp.MustCompile(`https?://[^\s<>"]+`)

// shown is the text twice: as a block that shows it to the letter, for no mark in
// it means anything there, and escaped for notifications.
func shown(t kit.Text, more ...slack.Block) slack.MsgOption {
	return slack.MsgOptionCompose(fallback(t), slack.MsgOptionBlocks(append(blocks(t, elements), more...)...))
}

// unlinked is the same without links, for when Slack does not take one.
func unlinked(t kit.Text, more ...slack.Block) slack.MsgOption {
	return slack.MsgOptionCompose(fallback(t), slack.MsgOptionBlocks(append(blocks(t, literal), more...)...))
}

func fallback(t kit.Text) slack.MsgOption {
	return slack.MsgOptionCompose(slack.MsgOptionText(t.String(), true), slack.MsgOptionParse(false))
}

// blocks is the one block of the text; of are the elements of a run.
func blocks(t kit.Text, of func(kit.Run) []slack.RichTextSectionElement) []slack.Block {
	section := slack.NewRichTextSection()
	for _, r := range t {
		if r.Style == kit.Call {
			section.Elements = append(section.Elements, slack.NewRichTextSectionUserElement(r.Text, nil))
			continue
		}
		section.Elements = append(section.Elements, of(r)...)
	}
	return []slack.Block{slack.NewRichTextBlock("", section)}
}

func literal(r kit.Run) []slack.RichTextSectionElement {
	return []slack.RichTextSectionElement{slack.NewRichTextSectionTextElement(r.Text, styleOf(r.Style))}
}

// elements are the run with its addresses as links.
func elements(r kit.Run) []slack.RichTextSectionElement {
	var all []slack.RichTextSectionElement
	rest := r.Text
	for rest != "" {
		start, end := nextLink(rest)
		if start > 0 {
			all = append(all, slack.NewRichTextSectionTextElement(rest[:start], styleOf(r.Style)))
		}
		if end > start {
			all = append(all, slack.NewRichTextSectionLinkElement(rest[start:end], "", styleOf(r.Style)))
		}
		rest = rest[end:]
	}
	return all
}

func styleOf(s kit.Style) *slack.RichTextSectionTextStyle {
	switch s {
	case kit.Bold:
		return &slack.RichTextSectionTextStyle{Bold: true}
	case kit.Italic:
		return &slack.RichTextSectionTextStyle{Italic: true}
	}
	return nil
}

// nextLink finds the first address that Slack takes as one; without one, both are
// the length of the text.
func nextLink(s string) (start, end int) {
	for from := 0; from < len(s); {
		found := address.FindStringIndex(s[from:])
		if found == nil {
			break
		}
		start, end = from+found[0], from+found[1]
		end = start + len(strings.TrimRight(s[start:end], ".,;:!?)]}'"))
		if u, err := url.Parse(s[start:end]); err == nil && u.Hostname() != "" && len(u.Host) < 256 {
			return start, end
		}
		from = end
	}
	return len(s), len(s)
}

// The card's button.
const (
	actionClose  = "close"
	actionReopen = "reopen"
)

func button(closed bool) slack.Block {
	id, label := actionClose, "Close"
	if closed {
		id, label = actionReopen, "Reopen"
	}
	words := slack.NewTextBlockObject(slack.PlainTextType, label, false, false)
	return slack.NewActionBlock("session", slack.NewButtonBlockElement(id, id, words))
}
