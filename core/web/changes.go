package web

import (
	"github.com/pocketping/pocketping/core"
)

// projectsChanged goes by what projects there are now: whose pages are told what is
// for all of them, and whose pages have no project any more.
func (s *Server) projectsChanged() {
	s.hearing.Lock()
	defer s.hearing.Unlock()
	now := map[string]bool{}
	for _, p := range s.chat.Projects().All() {
		now[p.ID] = true
		if s.hears[p.ID] == nil {
			s.hears[p.ID] = s.o.Bus.Subscribe(core.ProjectTopic(p.ID), s.hearEmit(p.ID))
		}
	}
	for id, end := range s.hears {
		if !now[id] {
			end()
			delete(s.hears, id)
		}
	}
	gone := ending{closeRefused, "there is no such project any more"} // not unknown: who has a token keeps it, for the project may be back
	s.sockets.each(func(k *socket) {
		if v := k.visit.Load(); v != nil && !now[v.project.ID] {
			k.close(gone)
		}
	})
	s.streams.each(func(k *stream) {
		if k.project != "" && !now[k.project] {
			k.out.close(gone)
		}
	})
}

// deaf ends what projectsChanged has begun to hear.
func (s *Server) deaf() {
	s.hearing.Lock()
	defer s.hearing.Unlock()
	for _, end := range s.hears {
		end()
	}
}

// current is the project as it is now: a page may be connected for days.
func (s *Server) current(p *core.Project) *core.Project {
	if now, err := s.chat.Projects().ByID(p.ID); err == nil {
		return now
	}
	return p
}
