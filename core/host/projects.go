package host

import (
	"context"
	"slices"
	"sync"
	"time"

	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/proto"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/sdk/plugin/pluginv1"
)

// tellTimeout is how long a plugin may take to learn which projects it serves.
const tellTimeout = 10 * time.Second

// projects are those that the bridge serves now.
func (s *Spec) projects() []*core.Project {
	if s.Projects == nil {
		return nil
	}
	return s.Projects()
}

// serves reports whether the bridge serves the project now.
func (s *Spec) serves(projectID string) bool {
	return s.Projects == nil || slices.Contains(s.projectIDs(), projectID)
}

// ours leaves out what is owed of projects that the bridge does not serve now: nobody
// there is to read it. It stays owed until the bridge serves them again.
func (s *Spec) ours(owed []core.Delivery) []core.Delivery {
	if s.Projects == nil {
		return owed
	}
	ids := s.projectIDs()
	return slices.DeleteFunc(owed, func(d core.Delivery) bool { return !slices.Contains(ids, d.ProjectID) })
}

// drop takes out what waits in the lane; the store has it.
func (q *queue) drop(ln *lane) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, it := range ln.waiting {
		delete(q.loaded, itemKey{ln.session, it.seq})
	}
	q.backlog -= len(ln.waiting)
	ln.waiting = nil
}

func (s *Spec) projectIDs() []string {
	var ids []string
	for _, p := range s.projects() {
		ids = append(ids, p.ID)
	}
	return ids
}

func (s *Spec) projectsToWire() []*pluginv1.Project {
	var wire []*pluginv1.Project
	for _, p := range s.projects() {
		wire = append(wire, projectToWire(p))
	}
	return wire
}

// TellProjects lets each plugin know which projects it serves now, where that is not
// what it knows. It returns at once.
func (h *Host) TellProjects() {
	h.mu.Lock()
	all := h.all()
	h.mu.Unlock()
	for _, r := range all {
		r.hearProjects(true)
		if l := r.current(); l != nil {
			go r.tellProjects(l)
		}
	}
}

// ears are where a runner that has the lease listens: at each of its projects.
type ears struct {
	mu    sync.Mutex
	hear  func(core.Signal) // nil: closed
	doubt func()            // has the store read
	ends  map[string]func() // by project
}

func (e *ears) open(hear func(core.Signal), doubt func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.hear, e.doubt, e.ends = hear, doubt, map[string]func(){}
}

func (e *ears) close() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, end := range e.ends {
		end()
	}
	e.hear, e.ends = nil, nil
}

// hearProjects listens at the projects that the bridge serves now, and at no other.
// Where something may have happened in one that is new, the store is read.
func (r *runner) hearProjects(late bool) {
	e := &r.ears
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.hear == nil {
		return
	}
	now := map[string]bool{}
	for _, id := range r.spec.projectIDs() {
		now[id] = true
		if e.ends[id] == nil {
			e.ends[id] = r.h.o.Bus.Subscribe(core.ProjectTopic(id), e.hear)
			if late {
				e.doubt()
			}
		}
	}
	for id, end := range e.ends {
		if !now[id] {
			end()
			delete(e.ends, id)
		}
	}
}

// tellProjects tells the launch, in turn with others who do. A plugin that was built
// before it could be told is started anew.
func (r *runner) tellProjects(l *launch) {
	l.telling.Lock()
	defer l.telling.Unlock()
	now := r.spec.projectsToWire()
	if proto.Equal(&pluginv1.ProjectsRequest{Projects: now}, &pluginv1.ProjectsRequest{Projects: l.projects}) {
		return
	}
	ctx, cancel := context.WithTimeout(l.ended, tellTimeout)
	defer cancel()
	_, err := l.rpc.Projects(ctx, &pluginv1.ProjectsRequest{Projects: now, Generation: l.generation})
	switch {
	case err == nil:
		l.projects = now
	case l.ended.Err() != nil || r.ctx.Err() != nil: // the next launch begins with them
	case status.Code(err) == codes.Unimplemented:
		r.log.Info("the plugin is started anew: it learns only then that its projects have changed")
		r.h.renew(r)
	default:
		r.log.Warn("the plugin does not know yet that its projects have changed", "err", status.Convert(err).Message())
	}
}

// renew runs a bridge anew, unless it is another's turn already.
func (h *Host) renew(r *runner) {
	if h.runner(r.spec.ID) == r {
		h.Run(r.spec)
	}
}
