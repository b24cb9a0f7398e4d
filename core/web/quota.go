package web

import (
	"context"
	"sync"

	"github.com/pocketping/pocketping/core"
)

// quota keeps a visitor to so many bytes in a day. What is under way counts as if it
// had come already.
type quota struct {
	mu       sync.Mutex
	underway map[string]int64 // bytes, by owner
}

// reserve takes a place for the file of a request of so many bytes, or for as much as
// there is room for where that is not known: the answer, in bytes. done gives the place back when the
// file is stored, or not.
func (s *Server) reserve(ctx context.Context, p *core.Project, owner string, request int64) (room int64, done func(), err error) {
	if s.set.Load().Quota <= 0 || owner == p.ID {
		return s.set.Load().MaxUpload, func() {}, nil
	}
	q := &s.quota
	q.mu.Lock()
	defer q.mu.Unlock()
	used, err := s.chat.Uploaded(ctx, p.ID, owner)
	if err != nil {
		return 0, nil, err
	}
	room = min(s.set.Load().Quota-used-q.underway[owner], s.set.Load().MaxUpload)
	if room <= 0 || request-formSlack > room {
		return 0, nil, errQuota(s.set.Load().Quota)
	}
	if request > 0 {
		room = min(room, request)
	}
	if q.underway == nil {
		q.underway = map[string]int64{}
	}
	q.underway[owner] += room
	return room, func() { q.release(owner, room) }, nil
}

func (q *quota) release(owner string, room int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.underway[owner] -= room; q.underway[owner] <= 0 {
		delete(q.underway, owner)
	}
}

func errQuota(most int64) error {
	return core.Errorf(core.CodeTooLarge, "that is too much for one day: %d MB fit, try again tomorrow", most/1_000_000)
}
