package host

import (
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// everything is the key of a hold on the whole bridge.
const everything = "\x00hold"

func holdOf(scope string) string   { return everything + "\x00" + scope }
func holdOn(session string) string { return everything + "\x00\x00" + session }

// holdAll lets no call into the whole bridge for so long.
func (l *limiter) holdAll(wait time.Duration) { l.holdKey(everything, wait) }

// hold lets no call into the scope for so long. The scope of a thread is the session
// alone, a declared one the events that use it, any other everything. An event that
// does not use the scope that it was refused in is held with its session.
func (l *limiter) hold(scope, session string, kind core.EventType, wait time.Duration) {
	if scope == pluginv1.ScopeThread {
		l.holdKey(holdOn(session), wait)
		return
	}
	l.mu.Lock()
	uses, declared := l.scopes[scope]
	l.mu.Unlock()
	if scope == "" || !declared {
		l.holdAll(wait)
		return
	}
	l.learn(scope, wait)
	l.holdKey(holdOf(scope), wait)
	if !uses.uses(kind) {
		l.holdKey(holdOn(session), wait)
	}
}

func (l *limiter) holdKey(key string, wait time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if until := l.now().Add(wait); until.After(l.held[key]) {
		l.held[key] = until
	}
}

// unheld are the calls before the first that is held; with none, the hold and its end.
// l.mu is held, as in what follows.
func (l *limiter) unheld(session string, calls []call, now time.Time) (n int, wait string, until time.Time) {
	for i, c := range calls {
		if key, until := l.heldBy(session, c.kind, now); key != "" {
			return i, key, until
		}
	}
	return len(calls), "", time.Time{}
}

// heldBy is the hold that lasts longest of those on the session's event.
func (l *limiter) heldBy(session string, kind core.EventType, now time.Time) (longest string, latest time.Time) {
	look := func(key string) {
		if until, ok := l.held[key]; ok && now.Before(until) && until.After(latest) {
			longest, latest = key, until
		}
	}
	look(everything)
	look(holdOn(session))
	for scope, q := range l.scopes {
		if q.uses(kind) {
			look(holdOf(scope))
		}
	}
	return longest, latest
}

// isHeld reports whether a hold came on one of the calls after they had been
// reserved.
func (l *limiter) isHeld(session string, calls []call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	for _, c := range calls {
		if key, _ := l.heldBy(session, c.kind, now); key != "" {
			return true
		}
	}
	return false
}
