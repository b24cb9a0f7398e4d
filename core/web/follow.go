package web

import (
	"context"
	"sync"
	"time"

	"github.com/pocketping/pocketping/core"
)

// heldMost is how many signals wait while a welcome is being read.
const heldMost = 256

// follower shows one connection what happens in its visitor's newest session: in
// order of seq and without a gap, whatever the order in which signals arrive.
type follower struct {
	s      *Server
	out    *outbox
	cancel func() // of the subscription

	mu       sync.Mutex
	by       core.Actor
	ready    bool
	held     []core.Signal // until ready
	session  string
	cursor   int64 // the last seq that was shown or passed over
	catching bool  // a goroutine reads the store
	again    bool  // it must look once more
	receipt  receiptFrame
}

// listen subscribes to a visitor, and to no other from then on.
func (f *follower) listen(visitorID string) {
	f.stop()
	cancel := f.s.o.Bus.Subscribe(core.VisitorTopic(visitorID), f.signal)
	f.mu.Lock()
	f.cancel = cancel
	f.mu.Unlock()
}

func (f *follower) stop() {
	f.mu.Lock()
	cancel := f.cancel
	f.cancel = nil
	f.mu.Unlock()
	if cancel != nil {
		cancel()
	}
}

// begin starts where the welcome leaves off.
func (f *follower) begin(by core.Actor, w *core.Welcome, after int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	by.Metadata = nil
	f.by, f.ready = by, true
	if s := w.Session; s != nil {
		f.session, f.cursor = s.ID, s.Seq
		f.receipt = receiptFrame{Session: s.ID, Delivered: s.Delivered, Read: s.Read}
		if w.Resumed && after < s.Seq {
			f.cursor = after
			f.catchUp()
		}
	}
	held := f.held
	f.held = nil
	for _, sig := range held {
		f.take(sig)
	}
}

// signal runs on the goroutine of whoever publishes.
func (f *follower) signal(sig core.Signal) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.ready:
		f.take(sig)
	case len(f.held) < heldMost:
		f.held = append(f.held, sig)
	default:
		f.out.close(ending{closeRestart, "too much happens at once: connect again and resume"})
	}
}

func (f *follower) take(sig core.Signal) {
	for _, e := range sig.Events {
		f.event(e)
	}
	if sig.Live != nil && sig.Live.Type == core.LiveErased {
		f.out.close(ending{closeUnknown, "this visitor is no more: say hello again"})
	} else if sig.Live != nil {
		f.live(sig.SessionID, sig.Live)
	}
}

func (f *follower) event(e *core.Event) {
	if e.SessionID != f.session && !f.adopt(e) {
		return
	}
	switch {
	case e.Seq <= f.cursor:
	case f.catching:
		f.again = true
	case e.Seq == f.cursor+1 && complete(e):
		f.cursor = e.Seq
		if seen, ok := core.VisitorView(e); ok {
			f.show(seen)
		}
	default:
		f.catchUp()
	}
}

// adopt turns to the event's session when it is a newer one in which the talk goes
// on now; ids that are made later sort later.
func (f *follower) adopt(e *core.Event) bool {
	if e.SessionID < f.session {
		return false
	}
	switch e.Type {
	case core.SessionOpened, core.SessionReopened, core.MessagePosted:
		f.session, f.cursor, f.receipt = e.SessionID, 0, receiptFrame{Session: e.SessionID}
		return true
	}
	return false
}

// complete reports whether the event carries what it shows.
func complete(e *core.Event) bool {
	return e.MessageID == "" || e.Message != nil
}

func (f *follower) show(e *core.Event) {
	f.out.send(e.Seq, eventFrame{Type: typeEvent, Event: f.s.linkedEvent(e)})
}

// catchUp reads from the store what signals alone do not make whole.
func (f *follower) catchUp() {
	f.again = true
	if !f.catching {
		f.catching = true
		go f.readOn()
	}
}

func (f *follower) readOn() {
	defer func() {
		if p := recover(); p != nil {
			f.s.panicked(p)
			f.out.close(ending{closeRestart, "connect again and resume"})
		}
	}()
	for f.nextPage() {
	}
}

// nextPage shows a page of events and reports whether there may be another.
func (f *follower) nextPage() bool {
	f.mu.Lock()
	session, after, by := f.session, f.cursor, f.by
	f.again = false
	f.mu.Unlock()

	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	events, reached, more, err := f.s.chat.Catchup(ctx, by, session, after)
	if err != nil {
		_ = f.s.explain(err, "catch-up") // it logs; the page only learns to come back
		f.out.close(ending{closeRestart, "connect again and resume"})
		return false
	}
	for _, e := range events {
		if !f.out.room() || !f.showIn(session, e) {
			break
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session == session {
		f.cursor = max(f.cursor, reached)
	}
	f.catching = more || f.again || f.session != session
	return f.catching && f.out.alive()
}

// showIn shows an event unless the connection has turned to another session.
func (f *follower) showIn(session string, e *core.Event) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.session != session {
		return false
	}
	f.cursor = e.Seq
	f.show(e)
	return true
}

func (f *follower) live(session string, l *core.Live) {
	switch l.Type {
	case core.LiveEmit:
		f.out.send(0, emitFrame{Type: typeEmit, Name: l.Name, Data: l.Data})
	case core.LiveTyping:
		if l.From != core.SenderVisitor && session == f.session {
			f.out.send(0, typingFrame{Type: typeTyping, On: l.On, Author: l.Author})
		}
	case core.LiveReceipt:
		now := receiptFrame{Session: session, Delivered: max(l.Delivered, f.receipt.Delivered), Read: max(l.Read, f.receipt.Read)}
		if session == f.session && now != f.receipt {
			f.receipt = now
			now.Type = typeReceipt
			f.out.send(0, now)
		}
	}
}
