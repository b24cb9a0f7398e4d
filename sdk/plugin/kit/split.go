package kit

import (
	"regexp"
	"sort"
	"unicode/utf8"

	"github.com/rivo/uniseg"
)

// Split cuts text into parts of at most limit, as measure counts; joined they are
// the text. It cuts between grapheme clusters, looks back up to a fifth of the
// limit for a better place (blank line, newline, end of sentence, space), and
// keeps whole what fits into one part: a URL, an escape, a fenced block of code.
// Only a cluster longer than the limit is cut by runes. A part can be all white
// space, which platforms refuse.
//
// The measure of a text may not be more than the sum of its clusters' measures;
// it can count the text as escaped later.
func Split(text string, limit int, measure func(string) int) []string {
	s := splitter{text: text, limit: limit, measure: measure}
	s.findWholes()
	var parts []string
	for start := 0; start < len(text); {
		end := s.cut(start)
		parts = append(parts, text[start:end])
		start = end
	}
	return parts
}

// How good a place is for a cut.
const (
	rankAny = iota
	rankSpace
	rankSentence
	rankLine
	rankParagraph
)

var keptWhole = regexp.MustCompile("(?s)```.*?(?:```|\\z)" + `|https?://[^\s<>]+|&#?[A-Za-z0-9]{1,10};|\\[[:punct:]]`)

type span struct{ start, end int }

type splitter struct {
	text    string
	limit   int
	measure func(string) int
	wholes  []span // may not be cut inside; ascending
}

// findWholes looks into fences that are too long, for what else is to be kept.
func (s *splitter) findWholes() {
	for at := 0; at < len(s.text); {
		m := keptWhole.FindStringIndex(s.text[at:])
		if m == nil {
			return
		}
		whole := span{at + m[0], at + m[1]}
		if s.measure(s.text[whole.start:whole.end]) <= s.limit {
			s.wholes = append(s.wholes, whole)
			at = whole.end
		} else if s.text[whole.start] == '`' {
			at = whole.start + 3
		} else {
			at = whole.end
		}
	}
}

// cut finds where the part that begins at start ends.
func (s *splitter) cut(start int) int {
	best, bestRank, last := start, -1, start
	rest, state, used := s.text[start:], -1, 0
	newline := false
	for rest != "" {
		var cluster string
		var breaks int
		cluster, rest, breaks, state = uniseg.StepString(rest, state)
		used += s.measure(cluster)
		if used > s.limit {
			return s.choose(start, last, best, cluster)
		}
		last = len(s.text) - len(rest)
		isLine := cluster == "\n" || cluster == "\r\n"
		if rank := rankOf(breaks, isLine, newline); used*5 >= s.limit*4 && rank >= bestRank && rank > rankAny && !s.inside(last) {
			best, bestRank = last, rank
		}
		newline = isLine
	}
	return len(s.text)
}

func rankOf(breaks int, line, afterLine bool) int {
	switch {
	case line && afterLine:
		return rankParagraph
	case line:
		return rankLine
	case breaks&uniseg.MaskSentence != 0:
		return rankSentence
	case breaks&uniseg.MaskLine != uniseg.LineDontBreak:
		return rankSpace
	}
	return rankAny
}

// choose ends the part that begins at start: at the best place, or else at the
// last one that fits, before whatever is kept whole there.
func (s *splitter) choose(start, last, best int, tooLong string) int {
	if best > start {
		return best
	}
	if last == start {
		return start + s.runes(tooLong)
	}
	if whole, ok := s.around(last); ok && whole.start > start {
		return whole.start
	}
	return last
}

// runes are the bytes of the cluster's runes that fit; at least one rune.
func (s *splitter) runes(cluster string) int {
	end, used := 0, 0
	for end < len(cluster) {
		_, n := utf8.DecodeRuneInString(cluster[end:])
		used += s.measure(cluster[end : end+n])
		if end > 0 && used > s.limit {
			break
		}
		end += n
	}
	return end
}

func (s *splitter) inside(at int) bool {
	_, ok := s.around(at)
	return ok
}

// around is the whole that a cut at this place would break.
func (s *splitter) around(at int) (span, bool) {
	i := sort.Search(len(s.wholes), func(i int) bool { return s.wholes[i].end > at })
	if i < len(s.wholes) && s.wholes[i].start < at {
		return s.wholes[i], true
	}
	return span{}, false
}
