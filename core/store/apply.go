package store

import (
	"slices"

	"github.com/pocketping/pocketping/core"
)

// write changes the batch as the change says; it cannot fail any more.
func (st *appendStep) write(b *batch, s *sessionRow) {
	m := st.writeMessage(b, s)
	st.escalate(b, s)
	events := st.writeEvents(b, s)
	st.wait(b, s, m)
	st.moveSession(b, s)
	st.result = &core.Result{Events: events, Seq: s.LastSeq, Session: s.domain()}
	if n := len(events); n > 0 {
		st.result.Seq = events[n-1].Seq
	}
	id := ""
	if m != nil {
		id = m.ID
		st.result.Message = m.domain(b.files(m))
	}
	for i, e := range events {
		if e.MessageID != "" && rendered(e.Type) {
			row := b.messages[e.MessageID]
			events[i].Message = row.domain(b.files(row))
		}
	}
	st.writeRest(b, id, st.result.Seq)
}

// writeMessage makes or changes the message of the change; nil: there is none.
func (st *appendStep) writeMessage(b *batch, s *sessionRow) *messageRow {
	c := st.c
	switch {
	case c.Post != nil:
		row := messageOf(c.Post)
		row.ProjectID, row.SessionID = c.ProjectID, s.ID
		if row.Created.IsZero() {
			row.Created = c.At
		}
		for i, e := range c.Events {
			if e.MessageID == row.ID && (e.Type == core.MessagePosted || e.Type == core.NotePosted) {
				row.Seq = s.LastSeq + int64(i) + 1
			}
		}
		st.claim(b, &row, 0)
		b.messages[row.ID] = &row
		b.newMessage = append(b.newMessage, &row)
		return &row
	case c.Edit != nil:
		m := b.messages[c.Edit.MessageID]
		m.Text, m.Edited = c.Edit.Text, c.At
		b.changedMessage(m)
		return m
	case c.Complete != nil:
		m := b.messages[c.Complete.MessageID]
		st.claim(b, m, m.Files)
		m.Files += int64(len(c.Complete.Attachments))
		m.ReplyTo, m.Edited = either(m.ReplyTo, c.Complete.ReplyTo), c.At
		b.changedMessage(m)
		return m
	case c.Delete != "":
		m := b.messages[c.Delete]
		for _, a := range b.attachments {
			if a.MessageID == m.ID {
				a.Removed = true
				b.saved.attachments.put(a.ID, a)
			}
		}
		m.Text, m.Deleted, m.Files = "", c.At, 0
		b.changedMessage(m)
		return m
	}
	return nil
}

// changedMessage writes the row again, unless this batch makes it anyway.
func (b *batch) changedMessage(m *messageRow) {
	if !slices.Contains(b.newMessage, m) {
		b.saved.messages.put(m.ID, m)
	}
}

// claim gives the change's files to the message, from a place on.
func (st *appendStep) claim(b *batch, m *messageRow, place int64) {
	for i, a := range st.claimed() {
		row := b.attachments[a.ID]
		row.MessageID, row.SessionID, row.Place = m.ID, m.SessionID, place+int64(i)
		b.saved.attachments.put(row.ID, row)
	}
}

// writeEvents gives the events their seq and pos, and owes them.
func (st *appendStep) writeEvents(b *batch, s *sessionRow) []*core.Event {
	c := st.c
	events := make([]*core.Event, 0, len(c.Events))
	for _, e := range c.Events {
		s.LastSeq++
		e.Seq, e.Pos, e.SessionID, e.ProjectID = s.LastSeq, b.nextPos(c.ProjectID), s.ID, c.ProjectID
		if e.At.IsZero() {
			e.At = c.At
		}
		if e.Type == core.MessageFailed && e.MessageID != "" {
			m := b.messages[e.MessageID]
			m.Failed = true
			b.changedMessage(m)
		}
		b.events = append(b.events, eventRow{
			SessionID: e.SessionID, Seq: e.Seq, ProjectID: e.ProjectID, Pos: e.Pos,
			Type: e.Type, At: e.At, MessageID: e.MessageID, Data: string(e.Data),
		})
		e.Owed = st.owed(s, e.Owed)
		for _, bridge := range e.Owed {
			b.deliveries = append(b.deliveries, deliveryRow{
				Bridge: bridge, SessionID: e.SessionID, Seq: e.Seq, ProjectID: e.ProjectID, Type: e.Type,
			})
		}
		events = append(events, &e)
	}
	return events
}

// moveSession applies status and marks.
func (st *appendStep) moveSession(b *batch, s *sessionRow) {
	c := st.c
	whole := c.Open != nil
	if c.Status != "" && c.Status != s.Status {
		whole = true
		s.Status, s.ClosedAt = c.Status, 0
		if c.Status == core.StatusClosed {
			s.ClosedAt, s.ClaimedID, s.ClaimedName = c.At, "", ""
		}
	}
	if c.Rating != nil {
		whole = true
		s.Rating, s.RatingComment = int64(c.Rating.Score), c.Rating.Comment
	}
	if c.Escalate != nil {
		whole = true
	}
	if c.Claim != nil {
		whole = true
		s.ClaimedID, s.ClaimedName = c.Claim.To.ID, c.Claim.To.Name
	}
	if len(c.Events) > 0 {
		s.LastActivity = max(s.LastActivity, c.At)
	}
	b.setActive(s)
	b.sessions[s.ID] = s
	if whole {
		b.keep(s)
	} else {
		b.mark(s)
	}
}

// setActive keeps the batch's view of who has an active session.
func (b *batch) setActive(s *sessionRow) {
	switch {
	case s.Status == core.StatusActive:
		b.active[s.VisitorID] = s.ID
	case b.active[s.VisitorID] == s.ID:
		delete(b.active, s.VisitorID)
	}
}

// writeRest stores what a change may carry with or without a session.
func (st *appendStep) writeRest(b *batch, messageID string, seq int64) {
	c := st.c
	if c.Visitor != nil {
		row := visitorOf(c.Visitor)
		b.visitors[row.ID] = &row
		b.saved.visitors.put(row.ID, &row)
	}
	for i := range c.Links {
		b.putLink(&c.Links[i])
	}
	if c.Presence != nil {
		if b.presences == nil {
			b.presences = map[string]core.Presence{}
		}
		b.presences[c.ProjectID] = *c.Presence
	}
	st.writeOnce(b, c.SessionID, messageID, seq)
}

func (st *appendStep) writeOnce(b *batch, sessionID, messageID string, seq int64) {
	once := st.c.Once
	if once == nil {
		return
	}
	row := &inboundRow{
		Bridge: once.Scope, EffectKey: once.Key, ProjectID: st.c.ProjectID, SessionID: sessionID,
		MessageID: messageID, Seq: seq, Digest: once.Digest, Raw: once.Raw, At: st.c.At,
	}
	b.onces[row.key()] = row
	b.newOnces = append(b.newOnces, row)
}

// putLink merges the link into what this batch knows of it, as linkOver merges
// it into what the database has.
func (b *batch) putLink(l *core.Link) {
	row := linkOf(l)
	if had := b.links[row.key()]; had != nil {
		row.MessageID, row.SessionID = either(row.MessageID, had.MessageID), either(row.SessionID, had.SessionID)
		row.ProjectID, row.Revision = either(row.ProjectID, had.ProjectID), either(row.Revision, had.Revision)
		row.Deleted, row.Answers = row.Deleted || had.Deleted, either(row.Answers, had.Answers)
	}
	b.saved.links.put(row.key(), &row)
	b.links[row.key()] = &row
}

func either(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// rendered reports whether events of the type carry the message's row.
func rendered(t core.EventType) bool {
	switch t {
	case core.MessagePosted, core.MessageEdited, core.MessageDeleted, core.MessageFailed,
		core.NotePosted, core.NoteEdited, core.NoteDeleted:
		return true
	}
	return false
}
