package web

import (
	"sync"

	"github.com/pocketping/pocketping/core"
)

// presence is what the pages of each project were told last of its operators.
type presence struct {
	mu   sync.Mutex
	told map[string]bool // by project
}

// online reports whether somebody answers now, and tells the project's pages when that
// is news. That hours begin or end is found out by looking at the clock, which may be
// set.
func (s *Server) online(p *core.Project) bool {
	s.presence.mu.Lock()
	defer s.presence.mu.Unlock() // held while pages are told, so that all hear it in the same order
	now := s.chat.Online(p)
	if before, known := s.presence.told[p.ID]; known && before != now {
		s.present(p, now)
	}
	if s.presence.told == nil {
		s.presence.told = map[string]bool{}
	}
	s.presence.told[p.ID] = now
	return now
}

func (s *Server) present(p *core.Project, online bool) {
	s.tellAll(p.ID, presenceFrame{Type: typePresence, Online: online})
}

// join lets a page that was welcomed hear of changes as all pages do, after what has
// changed since its welcome was made.
func (s *Server) join(out *outbox, p *core.Project, welcome welcomeFrame, join func()) {
	s.presence.mu.Lock()
	defer s.presence.mu.Unlock()
	join()
	if now := s.presence.told[p.ID]; now != welcome.Online {
		out.send(0, presenceFrame{Type: typePresence, Online: now})
	}
}
