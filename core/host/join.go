package host

import (
	"fmt"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// A session's lines that wait for the platform's quota come to a bridge that joins them
// as one event with the others in it. A line that does not wait comes by itself: it can
// be answered, changed and taken back alone.

// gathers reports whether lines from the item on may be joined.
func (work job) gathers(it item) bool {
	return work.short && work.joins && it.kind == core.MessagePosted && it.seq > work.single
}

// lines is how many of the events, from the first on, one speaker says without a break.
// What may be there goes without what is not: a plugin that has done it says so of all.
func lines(items []item, events []*pluginv1.Event) (n int) {
	n = 1
	for n < min(len(events), core.MaxJoined) && items[n].kind == core.MessagePosted && items[n].uncertain == items[0].uncertain &&
		goesOn(events[n-1].GetMessage(), events[n].GetMessage()) {
		n++
	}
	return n
}

// goesOn reports whether a line can stand below another one of the same speaker.
func goesOn(m, next *pluginv1.Message) bool {
	return plain(m) && plain(next) && next.GetReplyTo() == "" &&
		m.GetSender() == next.GetSender() && m.GetName() == next.GetName() && m.GetVia() == next.GetVia()
}

func plain(m *pluginv1.Message) bool {
	return m != nil && len(m.GetAttachments()) == 0 && !m.GetDeleted() && !m.GetNote()
}

// join puts the messages of the others into the first.
func join(events []*pluginv1.Event) {
	for _, e := range events[1:] {
		events[0].More = append(events[0].More, e.GetMessage())
	}
}

// urgent is what of a run that waits for quota goes first: texts overtake changes of what
// stands there already and what only informs, and an edit goes with its post, which shows
// the message as it is. done is what need not be sent then.
func urgent(items []item) (first []item, done []int64) {
	posted := map[string]bool{}
	for i, it := range items {
		switch {
		case it.class() == classStatus && len(first) > 0:
			return first, done
		case it.class() == classStatus:
			return items[i:], done
		case it.class() == classText:
			first = append(first, it)
			posted[it.message] = it.message != "" && !it.uncertain
		case it.kind == core.MessageEdited && posted[it.message] && !it.uncertain:
			done = append(done, it.seq)
		}
	}
	if len(first) == 0 {
		return items, nil
	}
	return first, done
}

// lateAfter is how long a message must have waited for the platform's quota until its
// thread is told; that is told again when so much time has passed.
const (
	lateAfter = 30 * time.Second
	lateAgain = 10 * time.Minute
)

// late says in words that a lane's messages had to wait, now and then.
func (r *runner) late(ln *lane, events []*pluginv1.Event) {
	i := 0
	for i < len(events) && events[i].GetType() != string(core.MessagePosted) {
		i++
	}
	if i == len(events) {
		return
	}
	now := time.Now()
	waited := time.Duration(0)
	r.queue.with(ln.session, func(ln *lane) {
		late := min(now.Sub(ln.short), now.Sub(time.UnixMilli(events[i].GetAt())))
		if !ln.short.IsZero() && late >= lateAfter && now.Sub(ln.told) >= lateAgain {
			waited, ln.told = late, now
		}
	})
	if quota := r.limits.words(); waited > 0 && quota != "" {
		waiting := r.queue.texts() - len(events[i].GetMore()) - 1
		events[i].Late = lateWords(waited, waiting, upperFirst(r.spec.Plugin)+" takes "+quota)
	}
}

func lateWords(waited time.Duration, waiting int, quota string) string {
	words := fmt.Sprintf("⏳ %s late: %s", waited.Round(time.Second), quota)
	switch {
	case waiting == 1:
		return words + ", and 1 more message waits"
	case waiting > 1:
		return fmt.Sprintf("%s, and %d more messages wait", words, waiting)
	}
	return words
}

// texts are the messages that wait.
func (q *queue) texts() (n int) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, ln := range q.lanes {
		for _, it := range ln.waiting {
			if it.kind == core.MessagePosted {
				n++
			}
		}
	}
	return n
}

// anyShort reports whether anything waits for quota.
func (q *queue) anyShort() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, lanes := range q.parked {
		for _, ln := range lanes {
			if len(ln.waiting) > 0 {
				return true
			}
		}
	}
	return false
}

// words are the quota that messages wait for: the one of the longest time.
func (l *limiter) words() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	var longest limit
	for _, q := range l.limits {
		if q.uses(core.MessagePosted) && q.per > longest.per {
			longest = q
		}
	}
	switch longest.per {
	case 0:
		return ""
	case time.Second:
		return fmt.Sprintf("%d messages a second", longest.calls)
	case time.Minute:
		return fmt.Sprintf("%d messages a minute", longest.calls)
	case time.Hour:
		return fmt.Sprintf("%d messages an hour", longest.calls)
	}
	return fmt.Sprintf("%d messages in %s", longest.calls, longest.per)
}

// separate has lines that were refused together go alone, so that none is given up for
// another; false: the seq went alone.
func (q *queue) separate(ln *lane, seq int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	with := ln.folded[seq]
	if len(with) == 0 || !ln.waits(seq, core.MessagePosted) {
		return false
	}
	ln.single = with[len(with)-1]
	return true
}

func (ln *lane) waits(seq int64, kind core.EventType) bool {
	for _, it := range ln.waiting {
		if it.seq == seq && it.kind == kind {
			return true
		}
	}
	return false
}
