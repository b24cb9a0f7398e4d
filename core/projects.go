package core

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Configured is what the configuration says of projects.
type Configured struct {
	Path     string     // of its file, for who is told to change it there
	Projects []*Project // that it names; their ids and keys are as they are stored
	Shared   []string   // ids of the bridges and hooks that serve projects which it does not name
}

// Projects is every project that this server serves: those that its configuration
// names, and those that were made over the API.
type Projects struct {
	changing sync.Mutex   // one change at a time
	reads    atomic.Int64 // of the store that have begun and did not fail

	mu       sync.RWMutex
	says     Configured
	all      []*Project // never written to, but replaced
	byID     map[string]*Project
	byKey    map[string]*Project
	revision string // of the stored projects, as they were read
	watchers []func()
}

// NewProjects makes the registry. Those that are not Editable are the configuration's.
func NewProjects(all []*Project) *Projects {
	p := &Projects{}
	for _, project := range all {
		if !project.Editable {
			p.says.Projects = append(p.says.Projects, project)
		}
	}
	p.set(all)
	return p
}

// Configure takes what another configuration says. It holds from the next time on
// that the stored projects are read: see Chat.LoadProjects.
func (p *Projects) Configure(says Configured) {
	p.changing.Lock()
	defer p.changing.Unlock()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.says, p.revision = says, ""
}

// Watch calls fn after each change of the projects, and of nothing else. It is called
// by whoever made the change, and must not make one.
func (p *Projects) Watch(fn func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.watchers = append(p.watchers, fn)
}

func (p *Projects) set(all []*Project) {
	p.mu.Lock()
	p.all, p.byID, p.byKey = all, map[string]*Project{}, map[string]*Project{}
	for _, project := range all {
		p.byID[project.ID] = project
		p.byKey[project.PublicKey] = project
	}
	watchers := slices.Clone(p.watchers)
	p.mu.Unlock()
	for _, fn := range watchers {
		fn()
	}
}

// merge puts the stored projects in place of those that were known: of one that the
// configuration names they have the id and the keys; others are served where they
// were made over the API. One that the configuration named before is not.
func (p *Projects) merge(stored []*Project, revision string) {
	p.mu.Lock()
	says := p.says
	p.revision = revision
	p.mu.Unlock()
	p.set(says.Merge(stored))
}

// Merge makes the projects of this configuration and of the store.
func (c Configured) Merge(stored []*Project) []*Project {
	var all []*Project
	for _, named := range c.Projects {
		seen := *named
		if s := bySlug(stored, named.Slug); s != nil {
			seen.ID, seen.PublicKey, seen.SecretHash, seen.IdentityKey, seen.OldKeys = s.ID, s.PublicKey, s.SecretHash, s.IdentityKey, s.OldKeys
		}
		all = append(all, &seen)
	}
	for _, s := range stored {
		if s.Editable && bySlug(c.Projects, s.Slug) == nil {
			seen := *s
			seen.Bridges = c.Shared
			all = append(all, &seen)
		}
	}
	return all
}

func bySlug(all []*Project, slug string) *Project {
	if i := slices.IndexFunc(all, func(p *Project) bool { return p.Slug == slug }); i >= 0 {
		return all[i]
	}
	return nil
}

// All lists the projects. The list is not to be written to.
func (p *Projects) All() []*Project {
	p.mu.RLock()
	defer p.mu.RUnlock()
	return p.all
}

// ByID finds a project, or fails with CodeNotFound.
func (p *Projects) ByID(id string) (*Project, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if project := p.byID[id]; project != nil {
		return project, nil
	}
	return nil, Errorf(CodeNotFound, "no project %s", id)
}

// ByPublicKey finds the project of a page's key, or fails with CodeUnauthorized.
func (p *Projects) ByPublicKey(key string) (*Project, error) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if project := p.byKey[key]; project != nil {
		return project, nil
	}
	return nil, Errorf(CodeUnauthorized, "unknown public key: copy data-key from the project's embed code")
}

// bySecret finds the project of a back end's key as they are known here; nil: none.
func (p *Projects) bySecret(secret string, now Time) *Project {
	hash := Hash(secret)
	for _, project := range p.All() {
		if project.hasSecret(hash, now) {
			return project
		}
	}
	return nil
}

func (p *Project) hasSecret(hash []byte, now Time) bool {
	if SameHash(hash, p.SecretHash) {
		return true
	}
	return slices.ContainsFunc(p.OldKeys, func(k OldKey) bool {
		return k.Kind == KindSecretKey && now < k.Until && SameHash(hash, k.Hash)
	})
}

// serves reports whether the project's events are owed to the bridge.
func (p *Projects) serves(bridgeID, projectID string) bool {
	project, err := p.ByID(projectID)
	return err == nil && slices.Contains(project.Bridges, bridgeID)
}

// ServedBy lists the projects whose events are owed to the bridge.
func (p *Projects) ServedBy(bridgeID string) []*Project {
	var served []*Project
	for _, project := range p.All() {
		if slices.Contains(project.Bridges, bridgeID) {
			served = append(served, project)
		}
	}
	return served
}
