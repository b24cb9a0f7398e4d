package web

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/pocketping/pocketping/core"
)

const (
	eventsPage = 100
	eventsLook = 2 * time.Second // what another node has stored is found by then
)

// getEvents shows a back end everything that is stored in its project, in the order of
// commits. It reads the store at the reader's pace: who takes nothing for writeWithin is
// cut, and goes on from the last id that they have.
func (s *Server) getEvents(c call) error {
	after, err := s.eventPoint(c)
	if err != nil {
		return err
	}
	k := &stream{w: c.Response(), ended: make(chan struct{})} // of no project: emits and presence are for pages
	k.out.pipe = k
	if !s.streams.add(k) {
		return &core.Error{Code: core.CodeUnavailable, Message: "the server is restarting, connect again", RetryAfter: time.Second}
	}
	defer s.streams.remove(k)
	news := make(chan struct{}, 1)
	defer s.o.Bus.Subscribe(core.ProjectTopic(c.project.ID), func(sig core.Signal) {
		if len(sig.Events) > 0 {
			select {
			case news <- struct{}{}:
			default:
			}
		}
	})()
	h := c.Response().Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no")
	c.Response().WriteHeader(http.StatusOK)
	k.out.sendRaw(item{seq: after}) // where to go on from, if nothing comes
	r := eventReader{s: s, k: k, project: c.project.ID, after: after, key: bearer(c.Request())}
	r.run(c.ctx(), news)
	return nil
}

// eventPoint is the cursor to go on from; with none it is the newest event's.
func (s *Server) eventPoint(c call) (int64, error) {
	last, err := s.chat.LastPos(c.ctx(), c.project.ID)
	if err != nil {
		return 0, err
	}
	point := c.Request().Header.Get("Last-Event-ID")
	if point == "" {
		point = c.QueryParam("after")
	}
	if point == "" {
		return last, nil
	}
	after, err := strconv.ParseInt(point, 10, 64)
	switch {
	case err != nil || after < 0:
		return 0, core.Errorf(core.CodeInvalid, "after: the id of the last event that you have, as it came, or 0 for all of them")
	case after > last:
		return 0, core.Errorf(core.CodeInvalid, "after: nothing has the id %d yet, the newest is %d: was the database put back? Begin with after=0", after, last)
	}
	return after, nil
}

// eventReader is one back end's way through the events.
type eventReader struct {
	s       *Server
	k       *stream
	project string
	after   int64
	key     string // that lets them in
}

// run ends when either side ends the stream; nothing is written after that.
func (r *eventReader) run(ctx context.Context, news <-chan struct{}) {
	beat, look := time.NewTicker(streamBeat), time.NewTicker(eventsLook)
	defer beat.Stop()
	defer look.Stop()
	for {
		if err := r.catchUp(ctx); err != nil {
			if ctx.Err() == nil {
				r.s.log.Warn("events cannot be read", "project", r.project, "err", err)
			}
			r.k.out.close(ending{})
		}
		select {
		case <-r.k.ended:
			return
		case <-ctx.Done():
			r.k.out.close(ending{})
			<-r.k.ended
			return
		case <-beat.C:
			r.k.out.sendRaw(item{seq: r.after})
		case <-news:
		case <-look.C:
			if _, err := r.s.chat.BySecret(ctx, r.key); core.IsCode(err, core.CodeUnauthorized) {
				r.k.out.close(ending{})
			}
		}
	}
}

// catchUp sends what there is, each when there is room for it.
func (r *eventReader) catchUp(ctx context.Context) error {
	for r.k.out.alive() {
		events, err := r.s.chat.EventsAfter(ctx, r.project, r.after, eventsPage)
		if err != nil {
			return err
		}
		for _, e := range events {
			body, err := json.Marshal(r.s.linkedEvent(e))
			if err != nil {
				return err
			}
			r.k.out.sendRaw(item{seq: e.Pos, body: body})
			if !r.k.out.room() {
				return nil
			}
			r.after = e.Pos
		}
		if len(events) < eventsPage {
			return nil
		}
	}
	return nil
}
