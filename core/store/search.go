package store

import "strings"

// sought are sessions that have words in them: in an id, in what is known of the
// visitor, or in a message. Letters of ASCII match in either case.
const sought = `(id = @whole OR visitor_id = @whole
	OR visitor_id IN (SELECT id FROM visitors WHERE project_id IN @projects AND (LOWER(name) LIKE @part ESCAPE '!' OR LOWER(email) LIKE @part ESCAPE '!' OR subject = @whole))
	OR id IN (SELECT session_id FROM messages WHERE project_id IN @projects AND LOWER(text) LIKE @part ESCAPE '!'))`

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// likePattern matches whatever has the words in it.
func likePattern(words string) string {
	return "%" + likeEscape.Replace(lowerASCII(words)) + "%"
}

// lowerASCII is what LOWER of both databases makes at least.
func lowerASCII(s string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}
