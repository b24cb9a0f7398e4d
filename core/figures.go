package core

import (
	"context"
	"fmt"
	"strings"
	"time"
)

// describeStats says how the project's last days were.
func (c *Chat) describeStats(ctx context.Context, projectID string) string {
	now := c.clock.Now()
	var parts []string
	for _, days := range []int{7, 30} {
		st, err := c.store.Stats(ctx, projectID, TimeOf(now.Std().AddDate(0, 0, -days)), now+1)
		if err != nil {
			return "the figures cannot be read now, try again"
		}
		parts = append(parts, fmt.Sprintf("Last %d days: %s", days, st.describe()))
	}
	return strings.Join(parts, "\n\n")
}

func (st *Stats) describe() string {
	lines := []string{fmt.Sprintf("%s by %s, %s from visitors, %s", counted(st.Sessions.Opened, "session"), counted(st.Visitors, "visitor"),
		counted(st.Messages.Visitor, "message"), counted(st.Messages.Operator, "answer"))}
	if w := st.FirstResponse; w.Answered > 0 {
		lines = append(lines, fmt.Sprintf("First answer: half within %s, nine of ten within %s", roughly(w.Median), roughly(w.P90)))
	}
	if n := st.FirstResponse.Unanswered; n > 0 {
		lines = append(lines, "Not answered yet: "+counted(n, "session"))
	}
	if r := st.Ratings; r.Count > 0 {
		lines = append(lines, fmt.Sprintf("Rating: %.1f of 5, %s", r.Average, counted(r.Count, "rating")))
	}
	return strings.Join(lines, "\n")
}

// roughly is a time of so many seconds in its two largest units.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return "a second"
	case d >= 24*time.Hour:
		d = d.Round(time.Hour)
	case d >= time.Hour:
		d = d.Round(time.Minute)
	default:
		d = d.Round(time.Second)
	}
	return inWords(d)
}
