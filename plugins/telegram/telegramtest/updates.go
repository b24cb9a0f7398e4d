package telegramtest

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

const (
	maxPoll      = 50 * time.Second
	updatesLast  = 24 * time.Hour
	maxAnswer    = 4 << 20
	maxBatch     = 100
	tailSlack    = 10
	repeatWindow = 500 * time.Millisecond
	repeatPoll   = 3 * time.Second
)

// queue holds the updates that the bot has not acknowledged.
type queue struct {
	next    int64
	updates []queued
	allowed []string      // nil: the default set
	poller  chan struct{} // closed when another poller takes over
	polls   int
	crowded int // times that one has taken over from another that was still there
	replay  replay
	given   int
	asked   int64 // the offset of the last poll, and when it came
	askedAt time.Time
}

type queued struct {
	id   int64
	at   time.Time
	kind string
	raw  json.RawMessage
}

// push queues an update of the kind. It needs s.mu.
func (s *Server) push(kind string, body any, at time.Time) int64 {
	if !s.wants(kind) {
		return 0
	}
	id := s.queue.next
	s.queue.next++
	raw, err := json.Marshal(obj{"update_id": id, kind: body})
	if err != nil {
		panic("telegramtest: " + err.Error()) // only an operator's action of the test can cause it
	}
	s.enqueue(queued{id, at, kind, raw})
	return id
}

// wants reports whether the bot is told of such updates.
func (s *Server) wants(kind string) bool {
	if s.queue.allowed == nil {
		return kind != "message_reaction" && kind != "message_reaction_count" && kind != "chat_member"
	}
	return slices.Contains(s.queue.allowed, kind)
}

var (
	errWebhook = &Error{Code: http.StatusConflict, Description: "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook to delete the webhook first"}
	errPoller  = &Error{Code: http.StatusConflict, Description: "Conflict: terminated by other getUpdates request; make sure that only one bot instance is running"}
	errSet     = &Error{Code: http.StatusConflict, Description: "Conflict: terminated by setWebhook request"}
)

func (c *call) getUpdates() (any, error) {
	var allowed []string
	if err := c.json("allowed_updates", &allowed); err != nil {
		return nil, err
	}
	limit, wait, mine, err := c.startPoll(allowed)
	if err != nil {
		return nil, err
	}
	timeout := c.clock.After(wait)
	for {
		c.mu.Lock()
		batch, changed := c.queue.take(limit, c.clock.Now()), c.changed
		c.mu.Unlock()
		if len(batch) > 0 || wait == 0 {
			return c.endPoll(mine, batch)
		}
		select {
		case <-changed:
		case <-timeout:
			return c.endPoll(mine, batch)
		case <-mine:
			c.lookBehind()
			return c.endPoll(mine, nil)
		case <-c.r.Context().Done():
			return c.endPoll(mine, nil)
		case <-c.closed:
			return c.endPoll(mine, nil)
		}
	}
}

// startPoll takes over from any other poller and forgets what is acknowledged.
func (c *call) startPoll(allowed []string) (limit int, wait time.Duration, mine chan struct{}, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.webhook.url != "" {
		return 0, 0, nil, errWebhook
	}
	if c.queue.poller != nil {
		close(c.queue.poller)
	}
	mine = make(chan struct{})
	c.queue.poller = mine
	c.queue.polls++
	if c.values["allowed_updates"] != "" {
		c.queue.allowed = allowed
		if len(allowed) == 0 {
			c.queue.allowed = nil
		}
	}
	limit = int(c.int("limit"))
	if limit < 1 || limit > maxBatch {
		limit = maxBatch
	}
	wait = min(max(time.Duration(c.int("timeout"))*time.Second, 0), maxPoll)
	now, given := c.clock.Now(), c.int("offset")
	if since := now.Sub(c.queue.askedAt); c.values["offset"] != "" && given == c.queue.asked && given != 0 {
		if since < repeatWindow {
			limit = 1
		}
		if since < repeatPoll && wait > 0 {
			wait = max(wait, repeatPoll)
		}
	}
	c.queue.asked, c.queue.askedAt = given, now
	c.queue.forget(given, now)
	c.notify()
	return limit, wait, mine, nil
}

// lookBehind counts the poller that another has replaced as one too many, unless it is
// a process that has just ended, whose connection closes within moments.
func (c *call) lookBehind() {
	select {
	case <-c.r.Context().Done():
	case <-time.After(lingers):
		c.mu.Lock()
		c.queue.crowded++
		c.mu.Unlock()
	}
}

// lingers is for how long the connection of a process that has ended may seem open.
const lingers = 250 * time.Millisecond

// Polls is how often updates were asked for, and how often that was by one process while
// another one did as well.
func (s *Server) Polls() (all, crowded int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.queue.polls, s.queue.crowded
}

// endPoll gives the place free, unless another poller has it already.
func (c *call) endPoll(mine chan struct{}, batch []json.RawMessage) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.webhook.url != "" {
		return nil, errSet
	}
	select {
	case <-mine:
		return nil, errPoller
	default:
	}
	c.queue.poller = nil
	if batch == nil {
		batch = []json.RawMessage{}
	}
	return batch, nil
}

// forget drops what the offset acknowledges and what is too old.
func (q *queue) forget(offset int64, now time.Time) {
	q.updates = slices.DeleteFunc(q.updates, func(u queued) bool { return now.Sub(u.at) > updatesLast })
	switch n := len(q.updates); {
	case offset < 0:
		q.updates = q.updates[max(n+int(offset), 0):] // the older ones are really gone
	case offset <= q.next+tailSlack: // one that is greater is invalid: everything from the head
		q.updates = slices.DeleteFunc(q.updates, func(u queued) bool { return u.id < offset })
	}
}

// take is the head of the queue; what was acknowledged is no longer in it.
func (q *queue) take(limit int, now time.Time) []json.RawMessage {
	var batch []json.RawMessage
	size := 0
	for _, u := range q.updates {
		if now.Sub(u.at) > updatesLast {
			continue
		}
		if size += len(u.raw); len(batch) == limit || len(batch) > 0 && size > maxAnswer {
			break
		}
		batch = append(batch, u.raw)
	}
	return batch
}

// RestartIDs lets update ids go on from there, as Telegram does after a week of
// silence.
func (s *Server) RestartIDs(next int64) { s.update(func() { s.queue.next = next }) }

// Push queues any update: the body is what stands under the kind's name.
func (s *Server) Push(kind string, body any) (id int64) {
	s.update(func() { id = s.push(kind, body, s.clock.Now()) })
	return id
}

// PushRaw queues an update as it is; "{id}" in it becomes its id.
func (s *Server) PushRaw(raw string) (id int64) {
	s.update(func() {
		id = s.queue.next
		s.queue.next++
		s.queue.updates, s.queue.given = append(s.queue.updates, queued{id: id, at: s.clock.Now(), raw: withID(raw, id)}), s.queue.given+1
	})
	return id
}
