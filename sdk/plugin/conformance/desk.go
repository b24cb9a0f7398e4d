package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// bridgeID is what the plugin is called here.
const bridgeID = "kit.plugin"

// desk is the core, in memory: what it knows of sessions and of the platform, and what
// the plugin has told it. It outlives launches, as the core's store does.
type desk struct {
	mu       sync.Mutex
	changed  chan struct{} // closed and replaced at each change
	project  *pluginv1.Project
	talks    []*talk
	links    []*pluginv1.Link
	files    map[string]*file
	state    map[string][]byte
	heard    []*heard
	acks     map[string]*pluginv1.InboundRequest // by effect key
	records  []*pluginv1.Record
	reads    int // calls of the host's HTTP socket
	faults   []string
	verdict  func(*heard) verdict           // of inbounds; nil: taken
	recorded func(*pluginv1.Record) verdict // of records; nil: taken
	visitor  bool                           // it may speak as the visitor
	down     bool                           // the HTTP socket answers that it is unavailable
}

type file struct {
	*pluginv1.Attachment
	data []byte
}

// heard is an inbound as it came.
type heard struct {
	*pluginv1.Inbound
	ref      uint64
	launch   int64 // its generation
	repeated bool
}

// verdict is what the core does with an item.
type verdict int

const (
	take    verdict = iota
	refuse          // for good
	again           // not now
	nothing         // it is never answered
)

func newDesk() *desk {
	return &desk{
		changed: make(chan struct{}), files: map[string]*file{}, state: map[string][]byte{}, acks: map[string]*pluginv1.InboundRequest{},
		project: &pluginv1.Project{Id: newID("proj"), Slug: "kit", Name: "Conformance kit", Operator: "Kit support"},
	}
}

const idLetters = "0123456789abcdefghjkmnpqrstvwxyz"

var idMutex sync.Mutex
var lastID int64

// newID is like the core's: ids made later sort later, and the rest is random.
func newID(kind string) string {
	idMutex.Lock()
	lastID = max(lastID+1, time.Now().UnixMilli()<<4)
	n := lastID
	idMutex.Unlock()
	var b [26]byte
	_, _ = rand.Read(b[:]) // never fails since Go 1.24
	for i := range b {
		b[i] = idLetters[b[i]%32]
	}
	for i := 11; i >= 0; i-- {
		b[i] = idLetters[n%32]
		n /= 32
	}
	return kind + "_" + string(b[:])
}

// change runs fn alone and wakes whoever waits.
func (d *desk) change(fn func()) {
	d.mu.Lock()
	defer d.mu.Unlock()
	fn()
	close(d.changed)
	d.changed = make(chan struct{})
}

// wait returns when ok, which is called with the desk locked, is true.
func (d *desk) wait(ctx context.Context, within time.Duration, what string, ok func() bool) error {
	late := time.NewTimer(within)
	defer late.Stop()
	for {
		d.mu.Lock()
		done, changed := ok(), d.changed
		d.mu.Unlock()
		if done {
			return nil
		}
		select {
		case <-changed:
		case <-late.C:
			return fmt.Errorf("waited %s in vain for %s", within, what)
		case <-ctx.Done():
			return fmt.Errorf("the check's time is over while it waits for %s", what)
		}
	}
}

// fault keeps something that no plugin should send.
func (d *desk) fault(format string, args ...any) {
	if len(d.faults) < 100 {
		d.faults = append(d.faults, fmt.Sprintf(format, args...))
	}
}

// talk finds a session; d.mu is held, as in all that follow.
func (d *desk) talk(id string) *talk {
	i := slices.IndexFunc(d.talks, func(t *talk) bool { return t.info.GetId() == id })
	if i < 0 {
		return nil
	}
	return d.talks[i]
}

// ofThread finds the session of a thread. The id of a session is its thread for bridges
// that have none.
func (d *desk) ofThread(thread string) *talk {
	for _, t := range slices.Backward(d.talks) {
		if thread != "" && (t.thread == thread || t.info.GetId() == thread) {
			return t
		}
	}
	return nil
}

// keep stores what the plugin says that it did in a session.
func (d *desk) keep(t *talk, thread, gone string, links []*pluginv1.Link) {
	if gone != "" && gone == t.thread {
		t.thread = ""
		d.links = slices.DeleteFunc(d.links, func(l *pluginv1.Link) bool { return l.GetThread() == gone })
	}
	if thread != "" && thread != t.thread {
		if other := d.ofThread(thread); other != nil && other != t {
			d.fault("thread %q of session %s is given to session %s, too", thread, other.info.GetId(), t.info.GetId())
		}
		t.thread, t.threads = thread, t.threads+1
	}
	for _, l := range links {
		d.judgeLink(t, l)
		d.keepLink(l)
	}
}

// judgeLink says what is wrong with a link.
func (d *desk) judgeLink(t *talk, l *pluginv1.Link) {
	known := l.GetMessageId() == t.info.GetId() || l.GetMessageId() == "" ||
		slices.ContainsFunc(t.messages, func(m *pluginv1.Message) bool { return m.GetId() == l.GetMessageId() })
	switch {
	case l.GetExternalId() == "":
		d.fault("a link without external_id: %v", l)
	case l.GetThread() == "":
		d.fault("a link without its thread: %v", l)
	case l.GetThread() != t.thread && l.GetThread() != t.info.GetId():
		d.fault("a link of the thread %q in a session whose thread is %q", l.GetThread(), t.thread)
	case l.GetPart() < 0:
		d.fault("a link with the part %d", l.GetPart())
	case !known:
		d.fault("a link of the message %q, which is none of the session's", l.GetMessageId())
	}
}

// keepLink never loses a link's message, and what was deleted stays so.
func (d *desk) keepLink(l *pluginv1.Link) {
	l = proto.CloneOf(l)
	for i, old := range d.links {
		if old.GetThread() == l.GetThread() && old.GetExternalId() == l.GetExternalId() {
			l.MessageId = cmp.Or(l.GetMessageId(), old.GetMessageId())
			l.Revision = cmp.Or(l.GetRevision(), old.GetRevision())
			l.Deleted = l.GetDeleted() || old.GetDeleted()
			d.links[i] = l
			return
		}
	}
	d.links = append(d.links, l)
}

// parts are the platform's messages that show ours.
func (d *desk) parts(messageID string) []*pluginv1.Link {
	var parts []*pluginv1.Link
	for _, l := range d.links {
		if l.GetMessageId() == messageID && !l.GetDeleted() {
			parts = append(parts, l)
		}
	}
	return parts
}

// forget loses what is known of a message's parts, as a crash does that comes before the
// receipt is stored.
func (d *desk) forget(messageID string) {
	d.links = slices.DeleteFunc(d.links, func(l *pluginv1.Link) bool { return l.GetMessageId() == messageID })
}

// take answers an inbound as the core does.
func (d *desk) take(h *heard) *pluginv1.InboundRequest {
	d.judgeInbound(h)
	if ack, ok := d.acks[h.GetEffectKey()]; ok && h.GetEffectKey() != "" {
		h.repeated = true
		ack = proto.CloneOf(ack)
		ack.Repeated = true
		return ack
	}
	t := d.ofThread(h.GetThread())
	if t == nil && h.GetKind() != pluginv1.InboundKind_INBOUND_KIND_RAW {
		return permanent("no session has the thread " + h.GetThread())
	}
	if h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_VISITOR && !d.visitor {
		return permanent("it may not speak as a visitor: Describe does not say as_visitor")
	}
	ack := &pluginv1.InboundRequest{}
	if t != nil {
		ack = d.effect(t, h)
	}
	if h.GetEffectKey() != "" {
		d.acks[h.GetEffectKey()] = ack
	}
	return proto.CloneOf(ack)
}

// effect is what an inbound does in its session.
func (d *desk) effect(t *talk, h *heard) *pluginv1.InboundRequest {
	ack := &pluginv1.InboundRequest{SessionId: t.info.GetId()}
	m := t.linked(d, h.GetExternalId())
	switch h.GetKind() {
	case pluginv1.InboundKind_INBOUND_KIND_MESSAGE, pluginv1.InboundKind_INBOUND_KIND_VISITOR:
		m = t.hears(h)
		for _, id := range h.GetFiles() {
			if f := d.files[id]; f != nil {
				m.Attachments = append(m.Attachments, f.Attachment)
			} else {
				d.fault("an inbound names the file %q, which was not uploaded", id)
			}
		}
		if h.GetExternalId() != "" {
			d.keepLink(&pluginv1.Link{Thread: cmp.Or(t.thread, h.GetThread()), ExternalId: h.GetExternalId(), MessageId: m.GetId(), Revision: h.GetRevision()})
		}
	case pluginv1.InboundKind_INBOUND_KIND_EDIT:
		if m != nil {
			m.Text, m.EditedAt = h.GetText(), now()
			t.next()
		}
	case pluginv1.InboundKind_INBOUND_KIND_DELETE:
		if m != nil {
			m.Text, m.Deleted, m.DeletedAt = "", true, now()
			t.next()
		}
	case pluginv1.InboundKind_INBOUND_KIND_CLOSE:
		t.info.Status = "closed"
		t.next()
	case pluginv1.InboundKind_INBOUND_KIND_REOPEN:
		t.info.Status = "active"
		t.next()
	}
	ack.Seq = t.info.GetSeq()
	if m != nil {
		ack.MessageId = m.GetId()
	}
	return ack
}

func permanent(reason string) *pluginv1.InboundRequest {
	return &pluginv1.InboundRequest{Failure: &pluginv1.Failure{Kind: pluginv1.FailureKind_FAILURE_KIND_PERMANENT, Reason: reason}}
}

// judgeInbound says what is wrong with one.
func (d *desk) judgeInbound(h *heard) {
	stored := h.GetKind() != pluginv1.InboundKind_INBOUND_KIND_TYPING && h.GetKind() != pluginv1.InboundKind_INBOUND_KIND_READ
	_, known := pluginv1.InboundKind_name[int32(h.GetKind())]
	words := h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_MESSAGE || h.GetKind() == pluginv1.InboundKind_INBOUND_KIND_EDIT
	switch {
	case !known || h.GetKind() == 0:
		d.fault("an inbound of no known kind: %d", h.GetKind())
	case stored && h.GetEffectKey() == "":
		d.fault("%s without effect_key: it would be stored twice when it comes again", h.GetKind())
	case h.GetKind() != pluginv1.InboundKind_INBOUND_KIND_RAW && h.GetThread() == "":
		d.fault("%s without its thread", h.GetKind())
	case words && h.GetExternalId() == "":
		d.fault("%s without external_id: nobody can edit, delete or reply to it", h.GetKind())
	case words && strings.TrimSpace(h.GetOperator().GetName()) == "":
		d.fault("%s without the operator's name", h.GetKind())
	case words && h.GetOperator().GetId() == "":
		d.fault("%s without the operator's id", h.GetKind())
	}
}

func now() int64 { return time.Now().UnixMilli() }
