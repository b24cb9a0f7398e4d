package slacktest

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// piece is a part of a text that looks one way and does one thing.
type piece struct {
	kind  string // text, link, user, group, channel, broadcast, emoji
	text  string // as people see it
	id    string // of whom or what it names; a link's URL
	style style
}

type style uint8

const (
	bold style = 1 << iota
	italic
	strike
	code
)

// chunk is a part of a message that stands by itself.
type chunk struct {
	kind   string // section, pre, quote, list
	pieces []piece
}

// mrkdwn reads Slack's markup.
func mrkdwn(text string) []chunk {
	var chunks []chunk
	for text != "" {
		open := strings.Index(text, "```")
		length := -1
		if open >= 0 {
			length = strings.Index(text[open+3:], "```")
		}
		if length <= 0 {
			return append(chunks, quotes(text)...)
		}
		chunks = append(chunks, quotes(strings.TrimSuffix(text[:open], "\n"))...)
		inside := strings.Trim(text[open+3:open+3+length], "\n")
		chunks = append(chunks, chunk{"pre", tokens(inside, 0)})
		text = strings.TrimPrefix(text[open+length+6:], "\n")
	}
	return chunks
}

// quotes divides lines into those that are quoted and those that are not.
func quotes(text string) []chunk {
	if text == "" {
		return nil
	}
	var chunks []chunk
	add := func(kind, line string) {
		if n := len(chunks); n > 0 && chunks[n-1].kind == kind {
			chunks[n-1].pieces = append(chunks[n-1].pieces, piece{kind: "text", text: "\n"})
			chunks[n-1].pieces = append(chunks[n-1].pieces, inline(line, 0)...)
			return
		}
		chunks = append(chunks, chunk{kind, inline(line, 0)})
	}
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if rest, ok := cutQuote(line, 3); ok {
			for _, l := range append([]string{rest}, lines[i+1:]...) {
				add("quote", l)
			}
			return chunks
		}
		if rest, ok := cutQuote(line, 1); ok {
			add("quote", rest)
		} else {
			add("section", line)
		}
	}
	return chunks
}

// cutQuote takes so many signs of a quote off the line.
func cutQuote(line string, signs int) (rest string, ok bool) {
	for range signs {
		escaped, was := strings.CutPrefix(line, "&gt;")
		bare, is := strings.CutPrefix(line, ">")
		switch {
		case was:
			line = escaped
		case is:
			line = bare
		default:
			return "", false
		}
	}
	return strings.TrimPrefix(line, " "), true
}

var markers = map[byte]style{'*': bold, '_': italic, '~': strike, '`': code}

// inline reads the markup within one line.
func inline(text string, look style) []piece {
	var pieces []piece
	plain := 0
	flush := func(to int) { pieces = append(pieces, tokens(text[plain:to], look)...) }
	for i := 0; i < len(text); {
		if text[i] == '<' {
			if end := strings.IndexByte(text[i:], '>'); end > 0 {
				i += end + 1
				continue
			}
		}
		mark, is := markers[text[i]]
		end := 0
		if is && look&mark == 0 {
			end = closing(text, i)
		}
		if end == 0 {
			i++
			continue
		}
		flush(i)
		if mark == code {
			pieces = append(pieces, tokens(text[i+1:end], look|code)...)
		} else {
			pieces = append(pieces, inline(text[i+1:end], look|mark)...)
		}
		i = end + 1
		plain = i
	}
	flush(len(text))
	return pieces
}

// closing finds the end of what the marker at i opens; 0 when it opens nothing.
func closing(text string, i int) int {
	mark := text[i]
	before, _ := utf8.DecodeLastRuneInString(text[:i])
	after, _ := utf8.DecodeRuneInString(text[i+1:])
	if i > 0 && (word(before) || before == rune(mark)) || i+1 >= len(text) || blank(after) || after == rune(mark) {
		return 0
	}
	for j := i + 2; j < len(text); j++ {
		if text[j] == '<' {
			if end := strings.IndexByte(text[j:], '>'); end > 0 {
				j += end
				continue
			}
		}
		if text[j] != mark {
			continue
		}
		last, _ := utf8.DecodeLastRuneInString(text[:j])
		next, _ := utf8.DecodeRuneInString(text[j+1:])
		if !blank(last) && (j+1 == len(text) || !word(next) && next != rune(mark)) {
			return j
		}
	}
	return 0
}

func word(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }

// blank is what a marker does not cling to; a zero-width space is one.
func blank(r rune) bool { return unicode.IsSpace(r) || r == '\u200b' || r == '\u2060' }
