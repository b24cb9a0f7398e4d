package core

import (
	"crypto/subtle"
	"slices"
)

// Projects is every project that this server owns.
type Projects struct {
	all   []*Project
	byID  map[string]*Project
	byKey map[string]*Project
}

// NewProjects makes the registry.
func NewProjects(all []*Project) *Projects {
	p := &Projects{all: all, byID: map[string]*Project{}, byKey: map[string]*Project{}}
	for _, project := range all {
		p.byID[project.ID] = project
		p.byKey[project.PublicKey] = project
	}
	return p
}

// All lists the projects.
func (p *Projects) All() []*Project { return p.all }

// ByID finds a project, or fails with CodeNotFound.
func (p *Projects) ByID(id string) (*Project, error) {
	if project := p.byID[id]; project != nil {
		return project, nil
	}
	return nil, Errorf(CodeNotFound, "no project %s", id)
}

// ByPublicKey finds the project of a page's key, or fails with CodeUnauthorized.
func (p *Projects) ByPublicKey(key string) (*Project, error) {
	if project := p.byKey[key]; project != nil {
		return project, nil
	}
	return nil, Errorf(CodeUnauthorized, "unknown public key: copy data-key from the project's embed code")
}

// BySecret finds the project of a back end's key, or fails with CodeUnauthorized.
func (p *Projects) BySecret(secret string) (*Project, error) {
	hash := Hash(secret)
	for _, project := range p.all {
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
	for _, project := range p.all {
		if slices.Contains(project.Bridges, bridgeID) {
			served = append(served, project)
		}
	}
	return served
}
