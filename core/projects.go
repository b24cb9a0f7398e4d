package core

import (
	"crypto/subtle"
	"slices"
	"sync"
)

// Projects is every project that this server owns.
type Projects struct {
	changing sync.Mutex // one change at a time

	mu    sync.RWMutex
	all   []*Project // never written to, but replaced
	byID  map[string]*Project
	byKey map[string]*Project
}

// NewProjects makes the registry.
func NewProjects(all []*Project) *Projects {
	p := &Projects{}
	p.set(all)
	return p
}

func (p *Projects) set(all []*Project) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.all, p.byID, p.byKey = all, map[string]*Project{}, map[string]*Project{}
	for _, project := range all {
		p.byID[project.ID] = project
		p.byKey[project.PublicKey] = project
	}
}

// replace puts what change makes of a project in its place, once it has stored it. Who
// has the one before goes on with that.
func (p *Projects) replace(id string, change func(*Project) (*Project, error)) (*Project, error) {
	p.changing.Lock()
	defer p.changing.Unlock()
	old, err := p.ByID(id)
	if err != nil {
		return nil, err
	}
	now, err := change(old)
	if err != nil {
		return nil, err
	}
	all := slices.Clone(p.All())
	all[slices.Index(all, old)] = now
	p.set(all)
	return now, nil
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

// BySecret finds the project of a back end's key, or fails with CodeUnauthorized.
func (p *Projects) BySecret(secret string) (*Project, error) {
	hash := Hash(secret)
	for _, project := range p.All() {
		if subtle.ConstantTimeCompare(hash, project.SecretHash) == 1 {
			return project, nil
		}
	}
	return nil, Errorf(CodeUnauthorized, "unknown secret key: send Authorization: Bearer sk_…, or make a new key with `pocketping project rotate-key`")
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
