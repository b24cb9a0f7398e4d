package widget_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// post stores a message and tells everybody; the caller is inside do.
func (c *fakeCore) post(sender, text string, more frame) frame {
	if c.session == nil {
		c.session = frame{"id": "sess_1", "visitorId": "vis_1", "status": "active", "delivered": 0, "read": 0}
		c.event(frame{"type": "session.opened"})
	} else if c.session["status"] == "closed" {
		c.session["status"] = "active"
		c.event(frame{"type": "session.reopened"})
	}
	m := frame{"id": fmt.Sprint("msg_", len(c.messages)+1), "seq": len(c.events) + 1, "sessionId": c.session["id"], "sender": sender, "text": text, "createdAt": c.now()}
	if sender == "operator" {
		m["author"] = frame{"name": "Olga"}
	}
	for k, v := range more {
		if v != nil {
			m[k] = v
		}
	}
	c.messages = append(c.messages, m)
	c.event(frame{"type": "message.posted", "message": m})
	return m
}

func (c *fakeCore) change(kind, id string, with frame) frame {
	for i, m := range c.messages {
		if m["id"] != id {
			continue
		}
		next := frame{}
		for _, part := range []frame{m, with} {
			for k, v := range part {
				next[k] = v
			}
		}
		c.messages[i] = next
		c.event(frame{"type": kind, "message": next})
		return next
	}
	c.t.Errorf("%s: no message %s", kind, id)
	return nil
}

func (c *fakeCore) event(e frame) {
	e["seq"], e["sessionId"], e["at"] = len(c.events)+1, c.session["id"], c.now()
	c.events = append(c.events, e)
	c.broadcast(frame{"type": "event", "event": e})
}

func (c *fakeCore) broadcast(f frame) {
	for conn := range c.sockets {
		c.write(conn, f)
	}
}

func (c *fakeCore) write(p pipe, f frame) {
	data, err := json.Marshal(f)
	if err != nil {
		c.t.Errorf("marshal: %v", err)
		return
	}
	p.send(f, data)
}

// operator posts a message as an operator.
func (c *fakeCore) operator(text string, more frame) (m frame) {
	c.do(func() { m = c.post("operator", text, more) })
	return m
}

func (c *fakeCore) close() {
	c.do(func() {
		c.session["status"] = "closed"
		c.event(frame{"type": "session.closed"})
	})
}

// receipt moves the session's marks and tells of it.
func (c *fakeCore) receipt(delivered, read int) {
	c.do(func() {
		c.session["delivered"], c.session["read"] = delivered, read
		c.broadcast(frame{"type": "receipt", "session": c.session["id"], "delivered": delivered, "read": read})
	})
}

func (c *fakeCore) tell(f frame) { c.do(func() { c.broadcast(f) }) }

// drop closes every socket with the code.
func (c *fakeCore) drop(code int) {
	c.mu.Lock()
	pipes := slices.Collect(maps.Keys(c.sockets))
	clear(c.sockets)
	for _, p := range pipes {
		c.dropped[p] = true // what it has sent by now is lost
	}
	c.mu.Unlock()
	for _, p := range pipes {
		p.close(code)
	}
}

// got are the frames of the type that came in; the caller holds the lock.
func (c *fakeCore) got(kind string) []frame {
	return slices.DeleteFunc(slices.Clone(c.received), func(f frame) bool { return f["type"] != kind })
}

// texts are the stored messages' texts, in order; the caller holds the lock.
func (c *fakeCore) texts() string {
	var all []string
	for _, m := range c.messages {
		all = append(all, m["text"].(string))
	}
	return strings.Join(all, "|")
}

// now is when everything happens: today, unless the test wants another day.
func (c *fakeCore) now() string {
	if c.at != "" {
		return c.at
	}
	return time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
}
