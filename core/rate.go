package core

import (
	"context"
	"strings"
	"unicode/utf8"
)

// MaxComment is how many characters a rating's comment has at most.
const MaxComment = 2000

// Rate keeps what the visitor thinks of their session, 1 to 5, in place of what they
// thought before.
func (c *Chat) Rate(ctx context.Context, by Actor, score int, comment, clientID string) (*Result, error) {
	comment = strings.TrimSpace(strings.ToValidUTF8(strings.ReplaceAll(comment, "\x00", ""), "\uFFFD"))
	if score < 1 || score > 5 || utf8.RuneCountInString(comment) > MaxComment {
		return nil, Errorf(CodeInvalid, "rate: a score from 1 to 5 and a comment of at most %d characters", MaxComment)
	}
	rating := Rating{Score: score, Comment: comment}
	once := onceFor(by, clientID, "rate", score, comment)
	return c.commit(ctx, once, func(ctx context.Context) (*Change, error) {
		s, err := c.sessionOf(ctx, by, "")
		if err != nil {
			return nil, err
		}
		change := c.step(s)
		change.Expect = "" // it may go on meanwhile
		if s.Rating != nil && *s.Rating == rating {
			return change, nil // operators know it
		}
		change.Rating = &rating
		change.Events = []Event{{Type: SessionRated, Data: data(map[string]any{"score": score, "comment": comment})}}
		return change, c.oweAll(change, by.Via)
	})
}
