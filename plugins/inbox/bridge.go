package main

import (
	"context"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// noCalls is a receipt's count of calls: pages have no quota.
const noCalls = -1

// bridge carries sessions between the core and the open pages. A session's
// thread has the session's id and a platform message the message's id, so there
// is nothing to look up, before or after a restart.
type bridge struct {
	host    plugin.Host
	hub     *hub
	history *history
	pages   http.Handler
	edits   atomic.Int64
}

func newBridge(_ context.Context, _ Config, host plugin.Host) (plugin.Bridge, error) {
	b := &bridge{host: host, hub: newHub(), history: newHistory()}
	b.pages = b.routes()
	return b, nil
}

// Deliver shows the event on every open page. There is nothing that can fail: a
// page that is not open, or too slow, reads what it missed when it comes back.
func (b *bridge) Deliver(_ context.Context, e *plugin.Event) (plugin.Receipt, error) {
	b.show(e, "")
	r := plugin.Receipt{Calls: noCalls}
	if e.Seq == 0 {
		return r, nil
	}
	if e.Thread == "" {
		r.Thread = e.Session.ID
	}
	if e.Message != nil {
		link := linkOf(e.Session.ID, e.Message.ID)
		link.Deleted = e.Message.Deleted
		r.Links = []plugin.Link{link}
	}
	return r, nil
}

// Erase makes open pages drop the session: nothing else of it stands here.
func (b *bridge) Erase(_ context.Context, thread string, _ []plugin.Link) (plugin.Erased, error) {
	b.history.forget(thread)
	b.hub.publish(pageEvent{Type: plugin.ThreadErased, At: time.Now().UTC(), Session: &plugin.Session{ID: thread}})
	return plugin.Erased{Done: true, Calls: noCalls}, nil
}

// Typing shows that the visitor types.
func (b *bridge) Typing(_ context.Context, e *plugin.Event) error {
	b.show(e, "")
	return nil
}

// ServeHTTP serves the page and what it calls.
func (b *bridge) ServeHTTP(w http.ResponseWriter, r *http.Request) { b.pages.ServeHTTP(w, r) }

// Close ends the pages' live streams, so that the plugin can end.
func (b *bridge) Close() error {
	b.hub.close()
	return nil
}

// show hands the event to the open pages. The client id lets the page that sent
// a message recognise it.
func (b *bridge) show(e *plugin.Event, clientID string) {
	p := pageEvent{Type: e.Type, Seq: e.Seq, At: e.At, Session: e.Session, Message: e.Message, Data: e.Data, ClientID: clientID}
	if e.Seq > 0 && e.Message == nil {
		b.history.add(e.Session.ID, p)
	}
	b.hub.publish(p)
}

// name makes sure that the core knows a message by its id, which is about to be
// named. One that is older than this bridge has no link, and one that was posted
// here is linked by its client id only.
func (b *bridge) name(ctx context.Context, sessionID, messageID string) error {
	links := []plugin.Link{linkOf(sessionID, messageID)}
	return b.host.Record(ctx, plugin.Record{SessionID: sessionID, Thread: sessionID, Links: links})
}

func linkOf(sessionID, messageID string) plugin.Link {
	return plugin.Link{Thread: sessionID, ExternalID: messageID, MessageID: messageID}
}

// revision marks an edit: later ones have a greater mark, also after a restart.
func (b *bridge) revision() string {
	for {
		last := b.edits.Load()
		next := max(last+1, time.Now().UnixMicro())
		if b.edits.CompareAndSwap(last, next) {
			return strconv.FormatInt(next, 10)
		}
	}
}
