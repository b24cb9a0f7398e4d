package core

import (
	"context"
	"encoding/json"
	"slices"
)

// PatchProject changes the settings of a project by change, which gets a copy of its own.
// A project that the configuration names is CodeForbidden: the file is the authority.
func (c *Chat) PatchProject(ctx context.Context, projectID string, change func(*Project) error) (*Project, error) {
	ctx = context.WithoutCancel(ctx)
	err := c.changeProjects(ctx, func() error {
		old, err := c.projects.ByID(projectID)
		if err != nil {
			return err
		}
		if !old.Editable {
			return c.inFile(old)
		}
		p, err := old.copied()
		if err != nil {
			return err
		}
		if err := change(p); err != nil {
			return err
		}
		if err := p.check(); err != nil {
			return err
		}
		return c.store.SaveProject(ctx, p)
	})
	if err != nil {
		return nil, err
	}
	p, err := c.projects.ByID(projectID)
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
