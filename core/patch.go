package core

import (
	"context"
	"encoding/json"
	"slices"
)

// PatchProject changes the settings of a project by change, which gets a copy of its own.
// A project that the configuration names is CodeForbidden: the file is the authority.
func (c *Chat) PatchProject(ctx context.Context, projectID string, change func(*Project) error) (*Project, error) {
	p, err := c.projects.replace(projectID, func(old *Project) (*Project, error) {
		if !old.Editable {
			return nil, c.inFile(old)
		}
		p, err := old.copied()
		if err != nil {
			return nil, err
		}
		if err := change(p); err != nil {
			return nil, err
		}
		if err := p.check(); err != nil {
			return nil, err
		}
		return p, c.store.SaveProject(context.WithoutCancel(ctx), p)
	})
	if err == nil {
		c.note(ctx, p.ID, "project.changed", p.Slug, "")
	}
	return p, err
}

// copied shares nothing with p that a patch may write to.
func (p *Project) copied() (*Project, error) {
	seen := *p
	seen.Origins, seen.Widget = slices.Clone(p.Origins), Widget{}
	raw, err := json.Marshal(p.Widget)
	if err != nil {
		return nil, err
	}
	return &seen, json.Unmarshal(raw, &seen.Widget)
}
