package telegramtest

import (
	"fmt"
	"net/http"
	"time"
)

// budget is the group's quota: what the bot writes in any minute, over all
// topics, and in any second.
type budget struct {
	minute, second int
	spent          []time.Time
}

// WithBudget keeps Telegram's quota: 20 writes a minute in the group (sends,
// edits and new topics) and 30 a second. Without it nothing is counted.
func WithBudget() Option { return WithBudgetOf(20, 30) }

// WithBudgetOf keeps another quota.
func WithBudgetOf(perMinute, perSecond int) Option {
	return func(s *Server) { s.budget = &budget{minute: perMinute, second: perSecond} }
}

// spend takes one write from the budget, or refuses it with 429.
func (s *Server) spend(entry *Request) error {
	if s.budget == nil {
		return nil
	}
	now := s.clock.Now()
	wait := s.budget.take(now)
	if wait <= 0 {
		return nil
	}
	entry.RetryAfter = int((wait + time.Second - 1) / time.Second)
	return &Error{Code: http.StatusTooManyRequests, Description: tooMany(entry.RetryAfter), RetryAfter: entry.RetryAfter}
}

// take counts a write at the moment, or says how long to wait for it.
func (b *budget) take(now time.Time) time.Duration {
	for len(b.spent) > 0 && now.Sub(b.spent[0]) >= time.Minute {
		b.spent = b.spent[1:]
	}
	if n := len(b.spent); n >= b.minute {
		return b.spent[n-b.minute].Add(time.Minute).Sub(now)
	}
	if n := len(b.spent); n >= b.second && now.Sub(b.spent[n-b.second]) < time.Second {
		return b.spent[n-b.second].Add(time.Second).Sub(now)
	}
	b.spent = append(b.spent, now)
	return 0
}

func tooMany(seconds int) string {
	return fmt.Sprintf("Too Many Requests: retry after %d", seconds)
}
