package slacktest

import (
	"encoding/json"
	"regexp"
	"strings"
)

// typed is what Slack makes of what a person types.
type typed struct {
	text   string
	blocks json.RawMessage
}

var bareURL = regexp.MustCompile(`https?://[^\s<>*_~` + "`" + `]+[^\s<>*_~` + "`" + `.,;:!?)'"]`)

// parseTyped escapes the text, makes links of URLs and names of emoji, and adds
// the rich_text block that Slack's own programs send.
func parseTyped(text string) typed {
	text = bareURL.ReplaceAllString(escape(nameEmoji(text)), "<$0>")
	return typed{text, richText(mrkdwn(text))}
}

// emojiNames are some that people type; Slack writes their names. The longer
// ones come first.
var emojiNames = []string{
	"👍", "+1", "👎", "-1", "❤️", "heart", "❤", "heart", "😀", "grinning", "😄", "smile", "😂", "joy", "😊", "blush", "😍", "heart_eyes",
	"😉", "wink", "😢", "cry", "🎉", "tada", "👀", "eyes", "✅", "white_check_mark", "❌", "x", "🙏", "pray", "🔥", "fire", "👋", "wave",
	"🚀", "rocket", "🤔", "thinking_face", "💯", "100", "👏", "clap", "🙂", "slightly_smiling_face", "⚠️", "warning", "👌", "ok_hand",
}

var tones = []string{"🏻", "🏼", "🏽", "🏾", "🏿"}

var emojiNamer = func() *strings.Replacer {
	var pairs []string
	for i, tone := range tones {
		pairs = append(pairs, tone, ":skin-tone-"+string(rune('2'+i))+":")
	}
	for i := 0; i < len(emojiNames); i += 2 {
		pairs = append(pairs, emojiNames[i], ":"+emojiNames[i+1]+":")
	}
	return strings.NewReplacer(pairs...)
}()

func nameEmoji(text string) string { return emojiNamer.Replace(text) }
