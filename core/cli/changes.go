package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/store"
)

// changes are what the file changes against what was served last, and what is kept of
// what it does not have any more.
type changes struct {
	config.Changes
	taken   []string         // slugs of projects that were made over the API, and are the file's from now on
	left    []string         // slugs of projects that the file does not name any more
	waiting map[string]int64 // events that are owed to bridges which the file does not have
}

// changesOf compares the file with the store; the first time everything is new, and
// nothing is said of it.
func changesOf(ctx context.Context, cfg *config.Config, s *store.Store) (c changes, err error) {
	digests, err := s.Secret(ctx, "outline")
	if err != nil {
		return c, err
	}
	raw, err := s.Outline(ctx)
	if err != nil {
		return c, err
	}
	if raw != nil {
		var before config.Outline
		if err := json.Unmarshal(raw, &before); err != nil {
			return c, fmt.Errorf("what was served last cannot be read: %w", err)
		}
		c.Changes = cfg.Outline(digests).Since(before)
	}
	stored, err := s.Projects(ctx)
	if err != nil {
		return c, err
	}
	for _, p := range stored {
		named := slices.ContainsFunc(cfg.Projects, func(n *config.Project) bool { return n.Slug == p.Slug })
		switch {
		case named && p.Editable:
			c.taken = append(c.taken, p.Slug)
		case !named && !p.Editable:
			c.left = append(c.left, p.Slug)
		}
	}
	c.waiting, err = s.Owing(ctx)
	maps.DeleteFunc(c.waiting, func(id string, _ int64) bool {
		return slices.ContainsFunc(cfg.Bridges, func(b *config.Bridge) bool { return b.ID == id })
	})
	return c, err
}

// lines are for people.
func (c changes) lines() []string {
	var lines []string
	add := func(format string, args ...any) { lines = append(lines, fmt.Sprintf(format, args...)) }
	for _, block := range c.Added {
		add("+ %s", block)
	}
	for _, block := range c.Changed {
		add("~ %s", block)
	}
	for _, block := range c.Removed {
		add("- %s", block)
	}
	for _, slug := range c.taken {
		add("project %q was made over the API: it is the file's from now on", slug)
	}
	for _, slug := range c.left {
		add("project %q is not in the file any more: its sessions are kept, its keys are refused", slug)
	}
	for _, id := range slices.Sorted(maps.Keys(c.waiting)) {
		add("%s of %q wait: it is not in the file, and they go out once it is back", count(int(c.waiting[id]), "event"), id)
	}
	return lines
}

// unstored gives projects that were never served an id to be looked at with.
func unstored(projects []*core.Project) []*core.Project {
	for _, p := range projects {
		if p.ID == "" {
			p.ID = p.Slug
		}
	}
	return projects
}
