package slacktest

import "time"

// budget counts calls by what shares a quota.
type budget struct{ spent map[string][]time.Time }

func newBudget() *budget { return &budget{map[string][]time.Time{}} }

// The tiers are calls a minute.
var tiers = map[int]int{1: 1, 2: 20, 3: 50, 4: 100}

const (
	postBurst  = 5 // posts in one channel at once, of one a second
	testCalls  = 600
	limitedMax = 15 // objects of history, when it is limited
)

// spend takes one call from its quotas, or refuses it with 429.
func (c *call) spend(name string, m method) error {
	now := c.clock.Now()
	var wait time.Duration
	if c.limited && m.history {
		wait = c.history.take(name, 1, time.Minute, now)
	}
	if c.budget != nil && wait <= 0 {
		if name == "chat.postMessage" {
			wait = c.budget.take(name+" "+c.params["channel"], postBurst, postBurst*time.Second, now)
		} else {
			calls, ok := tiers[m.tier]
			if !ok {
				calls = testCalls
			}
			wait = c.budget.take(name, calls, time.Minute, now)
		}
	}
	if wait <= 0 {
		return nil
	}
	return &Error{Code: "ratelimited", RetryAfter: int((wait + time.Second - 1) / time.Second)}
}

// take counts a call of so many in the span, or says how long to wait for it.
func (b *budget) take(scope string, calls int, span time.Duration, now time.Time) time.Duration {
	spent := b.spent[scope]
	for len(spent) > 0 && now.Sub(spent[0]) >= span {
		spent = spent[1:]
	}
	b.spent[scope] = spent
	if n := len(spent); n >= calls {
		return spent[n-calls].Add(span).Sub(now)
	}
	b.spent[scope] = append(spent, now)
	return 0
}
