package host

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pocketping/pocketping/core"
)

// maxTold sessions are told of one outage.
const maxTold = 50

// unusableError is why a plugin ended or did not start that says itself that someone
// must act.
type unusableError struct{ reason string }

func (e *unusableError) Error() string { return e.reason }

// watchTrouble tells operators on the project's other bridges that this one does not
// take messages, and when it does again.
func (r *runner) watchTrouble(ctx context.Context, q *queue) {
	for ctx.Err() == nil {
		var timer <-chan time.Time
		if r.outages.busy() {
			timer = time.After(r.outages.patience.look)
		}
		select {
		case <-ctx.Done():
			return
		case <-r.outages.poke:
		case <-timer:
		}
		r.tellTrouble(ctx, q)
	}
}

func (r *runner) tellTrouble(ctx context.Context, q *queue) {
	r.mu.Lock()
	wants, upSince, wellAt := r.wants, r.upSince, r.wellAt
	r.mu.Unlock()
	waiting := q.sessionsWaiting(wants)
	if r.outages.settle(upSince, wellAt, len(waiting) == 0) {
		r.recovered()
	}
	now, over := r.outages.current()
	if now != nil && r.current() != nil {
		_, reason := r.outages.told(now)
		r.say(stateDegraded, reason)
		if still, _ := r.outages.current(); still != now {
			r.recovered() // it has ended meanwhile
		}
	}
	if r.hook.Load() {
		return // operators do not wait for what only listens
	}
	for _, o := range over {
		r.tellOver(ctx, o)
	}
	if now == nil {
		return
	}
	told, words := r.outages.told(now)
	if len(waiting) == 0 && len(told) == 0 && r.outages.unusable() != "" {
		waiting = r.latestSessions(ctx)
	}
	for _, session := range waiting {
		switch {
		case told[session]:
		case len(told) >= maxTold || !r.tell(ctx, session, now.id, r.troubled(words)):
			return // what could not be told is tried again at the next look
		default:
			told[session] = true
			r.outages.tell(now, session)
		}
	}
}

func (r *runner) tellOver(ctx context.Context, o *outage) {
	told, _ := r.outages.told(o)
	for session := range told {
		if !r.tell(ctx, session, o.id+":over", r.spec.ID+" works again") {
			return
		}
	}
	r.outages.forget(o)
}

// tell reports whether the session's operators know; one that is gone has none.
func (r *runner) tell(ctx context.Context, session, key, text string) bool {
	ctx, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	err := r.h.o.Chat.BridgeTrouble(ctx, r.spec.ID, session, key+":"+session, text)
	if err != nil && !core.IsCode(err, core.CodeNotFound) {
		r.log.Warn("the operators could not be told of the bridge's trouble", "session", session, "err", err)
		return false
	}
	return true
}

// latestSessions are where operators most likely look while nothing waits.
func (r *runner) latestSessions(ctx context.Context) (ids []string) {
	for _, project := range r.spec.projectIDs() {
		latest, _, err := r.h.o.Store.Sessions(ctx, core.SessionQuery{ProjectIDs: []string{project}, Status: core.StatusActive, Limit: 1})
		if err != nil {
			r.log.Warn("the latest session cannot be read", "project", project, "err", err)
			continue
		}
		for _, s := range latest {
			ids = append(ids, s.ID)
		}
	}
	return ids
}

// troubled says in words that the bridge does not take messages.
func (r *runner) troubled(reason string) string {
	return fmt.Sprintf("%s (%s) does not take messages now: %s. They are kept and delivered when it works again.",
		upperFirst(r.spec.Plugin), r.spec.ID, strings.TrimRight(plainly(reason), ". "))
}

func upperFirst(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	if size == 0 {
		return "A bridge"
	}
	return string(unicode.ToUpper(first)) + s[size:]
}

// unreached are pieces of what Go and the system say when the other side is not
// there.
var unreached = []string{
	"connection refused", "no such host", "no route to host", "network is unreachable", "connection reset",
	"deadline exceeded", "i/o timeout", "Client.Timeout", "TLS handshake", "EOF", "broken pipe", "server misbehaving",
}

// plainly is the reason for people who answer visitors: one line, and no more of a
// network's error than that nobody was there.
func plainly(reason string) string {
	for _, piece := range unreached {
		if strings.Contains(reason, piece) {
			return "its platform cannot be reached (" + piece + ")"
		}
	}
	line, _, _ := strings.Cut(strings.TrimSpace(reason), "\n")
	return shorten(line, 200)
}

// sessionsWaiting are those that something waits in for this bridge, the latest used
// first; wants are the plugin's events, nil for all. Notices do not count: they may be
// about another bridge's trouble.
func (q *queue) sessionsWaiting(wants map[string]bool) []string {
	q.mu.Lock()
	defer q.mu.Unlock()
	var lanes []*lane
	for _, ln := range q.lanes {
		if slices.ContainsFunc(ln.waiting, func(it item) bool { return it.kind != core.Notice && (wants == nil || wants[string(it.kind)]) }) {
			lanes = append(lanes, ln)
		}
	}
	slices.SortFunc(lanes, func(a, b *lane) int { return b.used.Compare(a.used) })
	ids := make([]string, len(lanes))
	for i, ln := range lanes {
		ids[i] = ln.session
	}
	return ids
}
