package plugintest

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Pages of the reads, as the core has them.
const (
	defaultThreads = 50
	maxThreads     = 200
	defaultLinks   = 100
	maxLinks       = 500
)

// AddThread makes threads known, as if the bridge had made them in an earlier
// launch.
func (h *Host) AddThread(threads ...*plugin.Thread) {
	h.change(func() {
		for _, t := range threads {
			h.keepThread(*t)
		}
	})
}

// AddLinks makes messages of the thread known, as if they had been sent or
// received in an earlier launch.
func (h *Host) AddLinks(thread string, links ...plugin.Link) {
	h.change(func() {
		for _, l := range links {
			l.Thread = thread
			h.keepLink(l)
		}
	})
}

// Threads are those of AddThread and those that the bridge recorded.
func (h *Host) Threads(ctx context.Context, q plugin.SessionQuery) ([]*plugin.Thread, string, error) {
	if err := ctx.Err(); err != nil {
		return nil, "", err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []*plugin.Thread
	for _, t := range h.threads {
		if q.Status == "" || q.Status == t.Status {
			same := *t
			found = append(found, &same)
		}
	}
	slices.SortStableFunc(found, func(a, b *plugin.Thread) int { return b.LastActivity.Compare(a.LastActivity) })
	from := 0
	if q.Cursor != "" {
		var err error
		if from, err = strconv.Atoi(q.Cursor); err != nil || from < 0 || from > len(found) {
			return nil, "", fmt.Errorf("the cursor %q is of no page before", q.Cursor)
		}
	}
	to := from + pageOf(q.Limit, defaultThreads, maxThreads)
	if to >= len(found) {
		return found[from:], "", nil
	}
	return found[from:to], strconv.Itoa(to), nil
}

// Links are those of AddLinks, of records and receipts, and of what was received.
func (h *Host) Links(ctx context.Context, thread string, limit int) ([]plugin.Link, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	var found []plugin.Link
	for _, l := range h.links {
		if l.Thread == thread {
			found = append(found, l)
		}
	}
	slices.SortFunc(found, func(a, b plugin.Link) int {
		return cmp.Or(cmp.Compare(len(b.ExternalID), len(a.ExternalID)), strings.Compare(b.ExternalID, a.ExternalID))
	})
	return found[:min(len(found), pageOf(limit, defaultLinks, maxLinks))], nil
}

func pageOf(limit, otherwise, most int) int {
	if limit <= 0 {
		limit = otherwise
	}
	return min(limit, most)
}

// keep stores what a bridge did; h.mu is held, as in all that follow.
func (h *Host) keep(r plugin.Record) {
	if r.Gone != "" {
		h.threads = slices.DeleteFunc(h.threads, func(t *plugin.Thread) bool { return t.ID == r.Gone })
	}
	if r.Thread != "" {
		h.keepThread(plugin.Thread{ID: r.Thread, SessionID: r.SessionID, Status: "active", LastActivity: time.Now().UTC()})
	}
	for _, l := range r.Links {
		h.keepLink(l)
	}
}

// keepThread lets a session have one thread.
func (h *Host) keepThread(t plugin.Thread) {
	h.threads = slices.DeleteFunc(h.threads, func(old *plugin.Thread) bool {
		return old.ID == t.ID || old.SessionID == t.SessionID
	})
	h.threads = append(h.threads, &t)
}

// keepLink never loses a link's message, and what was deleted stays so.
func (h *Host) keepLink(l plugin.Link) {
	for i := range h.links {
		old := &h.links[i]
		if old.Thread == l.Thread && old.ExternalID == l.ExternalID {
			l.MessageID = cmp.Or(l.MessageID, old.MessageID)
			l.Revision = cmp.Or(l.Revision, old.Revision)
			l.Deleted = l.Deleted || old.Deleted
			*old = l
			return
		}
	}
	h.links = append(h.links, l)
}

func (h *Host) thread(id string) *plugin.Thread {
	for _, t := range h.threads {
		if t.ID == id {
			return t
		}
	}
	return nil
}

// heard notes what the core would know of the platform's message from now on.
func (h *Host) heard(in plugin.Inbound, messageID string) {
	if t := h.thread(in.Thread); t != nil {
		switch in.Kind {
		case plugin.InboundClose:
			t.Status = "closed"
		case plugin.InboundMessage, plugin.InboundReopen:
			t.Status = "active"
		}
		t.LastActivity = time.Now().UTC()
	}
	link := plugin.Link{Thread: in.Thread, ExternalID: in.ExternalID, Revision: in.Revision}
	switch in.Kind {
	case plugin.InboundMessage:
		link.MessageID = messageID
	case plugin.InboundEdit:
		if !h.linked(link) {
			link.MessageID = messageID // it overtook its message
		}
	case plugin.InboundDelete:
		link.Deleted = true
	default:
		return
	}
	if in.ExternalID != "" {
		h.keepLink(link)
	}
}

func (h *Host) linked(l plugin.Link) bool {
	return slices.ContainsFunc(h.links, func(old plugin.Link) bool { return old.Thread == l.Thread && old.ExternalID == l.ExternalID })
}
