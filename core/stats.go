package core

import "slices"

// Stats is what happened in a project from From on and before To.
type Stats struct {
	From          Time         `json:"from"`
	To            Time         `json:"to"`
	Sessions      SessionStats `json:"sessions"`
	Visitors      int64        `json:"visitors"` // who opened a session
	Messages      MessageStats `json:"messages"`
	FirstResponse Waits        `json:"firstResponse"`
	Ratings       RatingStats  `json:"ratings"`
	Bridges       []Channel    `json:"bridges"` // where operators answered, the busiest first
}

// SessionStats counts sessions that were opened within the time.
type SessionStats struct {
	Opened int64 `json:"opened"`
	Closed int64 `json:"closed"` // of those, closed by now
}

// MessageStats counts messages, without notes.
type MessageStats struct {
	Visitor  int64 `json:"visitor"`
	Operator int64 `json:"operator"`
}

// Waits are times from a session's first message to the first answer of an operator.
type Waits struct {
	Answered   int64   `json:"answered"`   // sessions
	Unanswered int64   `json:"unanswered"` // sessions, so far
	Median     float64 `json:"median"`     // seconds; 0 where nothing was answered
	P90        float64 `json:"p90"`        // seconds
}

// RatingStats are what visitors think of the sessions.
type RatingStats struct {
	Count   int64   `json:"count"`
	Average float64 `json:"average"` // 1 to 5; 0 where there is none
	Scores  []int64 `json:"scores"`  // how many gave 1, 2, 3, 4 and 5
}

// Channel is what came in by one bridge, or by the API.
type Channel struct {
	ID            string `json:"id"`
	Messages      int64  `json:"messages"`
	Sessions      int64  `json:"sessions"`      // in which somebody answered there
	FirstResponse Waits  `json:"firstResponse"` // of those that were first answered there
}

// WaitsOf sums up waits of answered sessions, in milliseconds; it sorts them.
func WaitsOf(waits []int64) Waits {
	slices.Sort(waits)
	return Waits{Answered: int64(len(waits)), Median: rank(waits, 50), P90: rank(waits, 90)}
}

// rank is the nearest-rank percentile in seconds.
func rank(sorted []int64, percent int) float64 {
	if len(sorted) == 0 {
		return 0
	}
	return float64(sorted[(len(sorted)*percent+99)/100-1]) / 1000
}
