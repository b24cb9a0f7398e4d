package store

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// Append implements core.Store. An event of type message.failed marks its
// message as failed.
func (s *Store) Append(ctx context.Context, c core.Change) (*core.Result, error) {
	st := &appendStep{c: &c}
	if err := s.do(ctx, st); err != nil {
		return nil, err
	}
	if st.first == nil {
		return st.result, nil
	}
	return s.repeated(ctx, st.first)
}

// First implements core.Store.
func (s *Store) First(ctx context.Context, once core.Once) (*core.Result, error) {
	var row inboundRow
	err := s.reader(ctx).Where("bridge = ? AND effect_key = ?", once.Scope, once.Key).Take(&row).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return nil, core.Errorf(core.CodeNotFound, "nothing was stored under %s", once.Key)
	}
	if err != nil {
		return nil, translate(err)
	}
	if err := sameContent(&once, &row); err != nil {
		return nil, err
	}
	return s.repeated(ctx, &row)
}

// repeated is the result of the first change, with session and message of now.
func (s *Store) repeated(ctx context.Context, first *inboundRow) (*core.Result, error) {
	r := &core.Result{Seq: first.Seq, Repeated: true}
	var err error
	if first.SessionID != "" {
		if r.Session, err = s.Session(ctx, first.ProjectID, first.SessionID); err != nil {
			return nil, err
		}
	}
	if first.MessageID != "" {
		if r.Message, err = s.Message(ctx, first.ProjectID, first.MessageID); err != nil {
			return nil, err
		}
		if r.Seq == 0 {
			r.Seq = r.Message.Seq
		}
	}
	return r, nil
}

// appendStep stores one change.
type appendStep struct {
	c      *core.Change
	result *core.Result
	first  *inboundRow // of the change that this one repeats
}

func (st *appendStep) needs(n *needs) {
	c := st.c
	if c.ProjectID != "" {
		n.projects.add(c.ProjectID)
	}
	if c.SessionID != "" {
		n.sessions.add(c.SessionID)
	}
	if c.Open != nil || c.Status == core.StatusActive {
		n.active.add(c.VisitorID)
	}
	if c.Open != nil {
		n.visitors.add(c.VisitorID)
	}
	if c.Visitor != nil {
		n.visitors.add(c.Visitor.ID)
	}
	if c.Once != nil {
		n.onces.add(onceKey{c.Once.Scope, c.Once.Key})
	}
	for _, a := range st.claimed() {
		n.attachments.add(a.ID)
	}
	if c.Post != nil || c.Edit != nil {
		for i := range c.Links {
			n.links.add(keyOf(&c.Links[i]))
		}
	}
	for _, id := range st.changed() {
		n.messages.add(id)
	}
}

func keyOf(l *core.Link) linkKey { return linkKey{l.BridgeID, l.Thread, l.ExternalID} }

// changed are the messages that must exist already.
func (st *appendStep) changed() []string {
	c := st.c
	var ids []string
	if c.Edit != nil {
		ids = append(ids, c.Edit.MessageID)
	}
	if c.Complete != nil {
		ids = append(ids, c.Complete.MessageID)
	}
	if c.Delete != "" {
		ids = append(ids, c.Delete)
	}
	for i := range c.Events {
		if id := c.Events[i].MessageID; id != "" && (c.Post == nil || c.Post.ID != id) && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// claimed are the files that the change gives to a message.
func (st *appendStep) claimed() []*core.Attachment {
	switch {
	case st.c.Post != nil:
		return st.c.Post.Attachments
	case st.c.Complete != nil:
		return st.c.Complete.Attachments
	}
	return nil
}

func (st *appendStep) apply(b *batch) error {
	st.result, st.first = nil, nil
	c := st.c
	if seen, err := st.repeats(b); err != nil || seen {
		return err
	}
	if err := st.checkVisitor(b); err != nil {
		return err
	}
	if c.SessionID == "" {
		st.result = &core.Result{}
		st.writeRest(b, "", 0)
		return nil
	}
	s, err := st.findSession(b)
	if err != nil {
		return err
	}
	if err := st.check(b, s); err != nil {
		return err
	}
	if id, links := st.idle(b); id != "" {
		st.first = &inboundRow{ProjectID: c.ProjectID, SessionID: c.SessionID, MessageID: id}
		if links {
			st.writeRest(b, id, 0)
		} else {
			st.writeOnce(b, c.SessionID, id, 0)
		}
		return nil
	}
	st.write(b, s)
	return nil
}

// repeats finds out whether the change was stored before, by its key or by the
// links of its message.
func (st *appendStep) repeats(b *batch) (bool, error) {
	c := st.c
	if c.Once != nil {
		if first := b.onces[onceKey{c.Once.Scope, c.Once.Key}]; first != nil {
			st.first = first
			return true, sameContent(c.Once, first)
		}
	}
	if c.Post == nil {
		return false, nil
	}
	for i := range c.Links {
		if l := b.links[keyOf(&c.Links[i])]; l != nil {
			return true, st.posted(b, l)
		}
	}
	return false, nil
}

// posted is what becomes of a post whose message the link shows to be known.
func (st *appendStep) posted(b *batch, l *linkRow) error {
	if len(st.c.Post.Attachments) > 0 && l.MessageID != "" && !l.Deleted {
		return core.ErrStale // it may be that the message lacks them
	}
	st.first = &inboundRow{ProjectID: l.ProjectID, SessionID: l.SessionID, MessageID: l.MessageID}
	if st.c.Once == nil || !st.c.Once.Open {
		st.writeOnce(b, l.SessionID, l.MessageID, 0)
	}
	return nil
}

// idle is the id of a message that the change would leave as it is: it was deleted,
// or edited later, or reads so already. Else it is empty. The links may be news all
// the same.
func (st *appendStep) idle(b *batch) (id string, links bool) {
	c := st.c
	deleted := func(id string) bool { return !b.messages[id].Deleted.IsZero() }
	switch {
	case c.Delete != "" && deleted(c.Delete):
		return c.Delete, true
	case c.Complete != nil && (deleted(c.Complete.MessageID) || len(c.Complete.Attachments) == 0 && b.messages[c.Complete.MessageID].ReplyTo != ""):
		return c.Complete.MessageID, true
	case c.Edit == nil || len(c.Links) == 0:
		return "", false
	case deleted(c.Edit.MessageID) || st.editedLater(b):
		return c.Edit.MessageID, false
	case b.messages[c.Edit.MessageID].Text == c.Edit.Text:
		return c.Edit.MessageID, true
	}
	return "", false
}

func (st *appendStep) editedLater(b *batch) bool {
	for i := range st.c.Links {
		l := b.links[keyOf(&st.c.Links[i])]
		if l != nil && (l.Deleted || core.RevisionBefore(st.c.Links[i].Revision, l.Revision)) {
			return true
		}
	}
	return false
}

// sameContent fails when the key was used for something else.
func sameContent(once *core.Once, first *inboundRow) error {
	if once.Digest != nil && first.Digest != nil && !bytes.Equal(once.Digest, first.Digest) {
		return core.Errorf(core.CodeConflict, "the id %q was used before with other content", once.Key)
	}
	return nil
}

// findSession opens the session or finds it as the change expects it.
func (st *appendStep) findSession(b *batch) (*sessionRow, error) {
	c := st.c
	if _, ok := b.positions[c.ProjectID]; !ok {
		return nil, core.Errorf(core.CodeNotFound, "no project %s", c.ProjectID)
	}
	s := b.session(c.ProjectID, c.SessionID)
	if c.Open != nil {
		if s != nil || b.active[c.VisitorID] != "" {
			return nil, core.ErrStale
		}
		row := sessionOf(c.Open)
		row.ID, row.ProjectID, row.VisitorID, row.LastSeq = c.SessionID, c.ProjectID, c.VisitorID, 0
		return &row, nil
	}
	if s == nil && c.Post != nil {
		return nil, core.ErrStale // it was removed since: a visitor's goes to another
	}
	if s == nil {
		return nil, core.Errorf(core.CodeNotFound, "this project has no such session")
	}
	if c.Expect != "" && s.Status != c.Expect || c.VisitorID != "" && s.VisitorID != c.VisitorID {
		return nil, core.ErrStale
	}
	if h := c.Claim; h != nil && (s.ClaimedID != h.From.ID || s.ClaimedName != h.From.Name) {
		return nil, core.ErrStale
	}
	if other := b.active[s.VisitorID]; c.Status == core.StatusActive && other != "" && other != s.ID {
		return nil, core.ErrStale
	}
	return s, nil
}

// checkVisitor refuses what a visitor does who was joined to another meanwhile:
// nobody would find it again. Who has changed meanwhile is not written over.
func (st *appendStep) checkVisitor(b *batch) error {
	var ids []string
	if st.c.Open != nil {
		ids = append(ids, st.c.VisitorID)
	}
	if st.c.Visitor != nil {
		ids = append(ids, st.c.Visitor.ID)
	}
	for _, id := range ids {
		if v := b.visitors[id]; v == nil || v.ProjectID != st.c.ProjectID {
			return core.Errorf(core.CodeUnauthorized, "this visitor is no more: say hello again")
		}
	}
	if v := st.c.Visitor; v != nil && v.Version != "" && v.Version != b.visitors[v.ID].version() {
		return core.ErrStale
	}
	return nil
}

// check refuses what cannot be stored, before anything is changed.
func (st *appendStep) check(b *batch, s *sessionRow) error {
	c := st.c
	for _, id := range st.changed() {
		if m := b.messages[id]; m == nil || m.SessionID != s.ID {
			return core.Errorf(core.CodeNotFound, "no message %s in this session", id)
		}
	}
	if c.Edit != nil {
		if !b.messages[c.Edit.MessageID].Deleted.IsZero() && len(c.Links) == 0 {
			return core.Errorf(core.CodeConflict, "this message was deleted")
		}
		if err := checkText(c.Edit.Text); err != nil {
			return err
		}
	}
	for _, a := range st.claimed() {
		row := b.attachments[a.ID]
		if row == nil || row.MessageID != "" || row.ProjectID != c.ProjectID || a.Owner != "" && row.Owner != a.Owner {
			return core.Errorf(core.CodeInvalid, "no unused attachment %s: upload the file first", a.ID)
		}
	}
	if err := st.checkWaiting(s); err != nil {
		return err
	}
	if c.Post == nil {
		return nil
	}
	return checkText(c.Post.Text)
}

// checkText refuses what Postgres could not keep.
func checkText(text string) error {
	if strings.IndexByte(text, 0) >= 0 || !utf8.ValidString(text) {
		return core.Errorf(core.CodeInvalid, "the text must be UTF-8 without zero bytes")
	}
	return nil
}
