package store

import "strings"

// sought are sessions that have words in them: in an id, in what is known of the
// visitor, or in a message. Letters of ASCII match in either case; others as the
// database has it.
const sought = `(id = @whole OR visitor_id = @whole
	OR visitor_id IN (SELECT id FROM visitors WHERE project_id IN @projects AND (LOWER(name) LIKE LOWER(CAST(@part AS TEXT)) ESCAPE '!' OR LOWER(email) LIKE LOWER(CAST(@part AS TEXT)) ESCAPE '!' OR subject = @whole))
	OR id IN (SELECT session_id FROM messages WHERE project_id IN @projects AND LOWER(text) LIKE LOWER(CAST(@part AS TEXT)) ESCAPE '!'))`

var likeEscape = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// likePattern matches whatever has the words in it.
func likePattern(words string) string { return "%" + likeEscape.Replace(words) + "%" }
