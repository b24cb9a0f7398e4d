package slacktest

import "time"

// What Slack does now and then.

// Disconnect tells every connection that it ends: "warning" ten seconds before,
// the other reasons ("refresh_requested", "link_disabled", "too_many_websockets")
// at once. With "link_disabled" Socket Mode is off until SocketMode.
func (s *Server) Disconnect(reason string) {
	s.update(func() {
		s.socket.off = s.socket.off || reason == "link_disabled"
		for _, c := range append([]*conn(nil), s.socket.open...) {
			c.push(raw(obj{"type": "disconnect", "reason": reason, "debug_info": obj{"host": "applink-1"}}))
			if reason != "warning" {
				s.drop(c)
				c.end()
				continue
			}
			go s.endLater(c, s.clock.After(warningLasts))
		}
	})
}

func (s *Server) endLater(c *conn, late <-chan time.Time) {
	select {
	case <-late:
		s.update(c.end)
	case <-s.closed:
	}
}

// SocketMode switches Socket Mode on again.
func (s *Server) SocketMode() { s.update(func() { s.socket.off = false }) }

// CutSockets ends every connection without a word.
func (s *Server) CutSockets() { s.update(s.socket.cut) }

// RawFrame sends a text frame as it is on the connection whose turn it is, and
// reports whether there was one.
func (s *Server) RawFrame(text string) (sent bool) {
	s.update(func() {
		if c := s.socket.next(); c != nil {
			c.push([]byte(text))
			sent = true
		}
	})
	return sent
}

// UnknownEvent sends an event of a type that no library knows, and returns its
// event_id.
func (s *Server) UnknownEvent() string {
	return s.Push(obj{"type": "hologram_projected", "channel": s.ChannelID, "user": "U0ADMIN"})
}

// UnknownBlock writes a message whose blocks have a type that no library knows.
func (o *Operator) UnknownBlock(thread, text string) string {
	m := &Message{Thread: thread}
	o.s.update(func() {
		m.User, m.Text = o.id, escape(text)
		m.Blocks = raw([]obj{{"type": "hologram", "block_id": "h1", "sparkle": 3}})
		o.s.add(m)
		o.s.pushMessage(m)
	})
	return m.TS
}

// Replied sends the event that Slack sends by mistake: message_replied without
// its subtype, a message of nobody.
func (s *Server) Replied(thread string) {
	s.update(func() {
		parent := s.messages[thread]
		s.push(parent.Channel, obj{"type": "message", "hidden": true, "channel": parent.Channel, "ts": s.nextTS(), "thread_ts": thread,
			"channel_type": s.channels[parent.Channel].kind(), "message": s.wireMessage(parent)})
	})
}

// RateLimited tells the app that it was sent more than Slack sends in an hour.
func (s *Server) RateLimited() {
	s.update(func() {
		s.dispatch(&delivery{kind: "events_api", payload: raw(obj{"token": verification, "type": "app_rate_limited", "team_id": s.TeamID,
			"minute_rate_limited": s.clock.Now().Unix() / 60 * 60, "api_app_id": s.AppID})})
	})
}

// Raw writes a message whose text is as it is on the wire, with no blocks:
// mentions ("<@U1>", "<!here>"), links ("<https://a.example|a>") and escapes are
// the test's own.
func (o *Operator) Raw(thread, text string) string {
	m := &Message{Thread: thread, Text: text, User: o.id}
	o.s.update(func() {
		o.s.add(m)
		o.s.pushMessage(m)
	})
	return m.TS
}
