package cli

import (
	"context"
	"encoding/json"
	"strings"
	"sync"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/web"
)

// applied is what became of a configuration that was read again, in words.
type applied struct {
	config.Changes
	Refused []string `json:"refused"` // what only a restart changes
}

// reload reads the configuration again and applies what has changed. With anything
// wrong in it nothing changes.
func (s *server) reload(ctx context.Context) (*applied, error) {
	s.reloading.Lock()
	defer s.reloading.Unlock()
	a, err := s.apply(context.WithoutCancel(ctx))
	if err != nil {
		for _, line := range strings.Split(err.Error(), "\n") {
			s.log.Error("the configuration is not applied, nothing was changed", "err", line)
		}
		return nil, err
	}
	s.log.Info("the configuration was read again", "added", a.Added, "changed", a.Changed, "removed", a.Removed, "refused", a.Refused)
	return a, nil
}

func (s *server) apply(ctx context.Context) (*applied, error) {
	running := s.cfg.Load()
	cfg, err := s.read()
	if err != nil {
		return nil, err
	}
	before := running.Outline(s.digests)
	a := &applied{Refused: append([]string{}, cfg.KeepFixed(running, before, cfg.Outline(s.digests))...)}
	now := cfg.Outline(s.digests)
	a.Changes = now.Since(before)

	registry := s.chat.Projects()
	specs, err := specsOf(cfg, registry)
	if err != nil {
		return nil, err
	}
	restarts, status := cfg.Restarts(before, now), s.host.Status()
	pages, err := tryPlugins(ctx, s.host, cfg, specs, func(id string) bool { return unchanged(status, restarts, id) })
	if err != nil {
		return nil, err
	}
	for _, id := range *s.pages.Load() {
		if unchanged(status, restarts, id) {
			pages = append(pages, id)
		}
	}
	c, err := changesOf(ctx, cfg, s.store)
	if err != nil {
		return nil, err
	}
	if err := syncProjects(ctx, cfg, s.store); err != nil {
		return nil, err
	}
	s.cfg.Store(cfg)
	s.pages.Store(&pages)
	s.chat.SetOperators(cfg.Operators())
	s.web.Apply(settingsOf(cfg))
	registry.Configure(configured(cfg))
	if err := s.chat.LoadProjects(ctx); err != nil {
		s.log.Warn("the projects are read again soon", "err", err)
	}
	s.end(ctx, running, now)
	s.renew(cfg, specs, before, now)
	s.remember(ctx, now)
	s.audit(ctx, a)
	s.tellKept(ctx, cfg, c.taken)
	return a, nil
}

// end ends the bridges and hooks that the file does not have any more.
func (s *server) end(ctx context.Context, running *config.Config, now config.Outline) {
	var wg sync.WaitGroup
	for _, b := range running.Bridges {
		if _, still := now[b.Block()]; !still {
			wg.Go(func() { s.host.Remove(ctx, b.ID) })
		}
	}
	wg.Wait()
}

// renew runs what is new and what cannot go on as it is.
func (s *server) renew(cfg *config.Config, specs []host.Spec, before, now config.Outline) {
	changed := map[string]bool{}
	for _, b := range cfg.Restarts(before, now) {
		changed[b.ID] = true
	}
	for _, spec := range specs {
		if changed[spec.ID] {
			s.host.Run(spec)
		}
	}
	s.host.TellProjects()
	s.host.Refresh()
}

// tellKept logs which projects are the file's now, and what is kept of what it does not
// have any more.
func (s *server) tellKept(ctx context.Context, cfg *config.Config, taken []string) {
	c, err := changesOf(ctx, cfg, s.store)
	if err != nil {
		s.log.Warn("what is kept of what the file does not have any more cannot be read", "err", err)
	}
	c.Changes, c.taken = config.Changes{}, taken
	for _, line := range c.lines() {
		s.log.Info(line)
	}
}

// remember keeps what the configuration says, for the next start and for check.
func (s *server) remember(ctx context.Context, now config.Outline) {
	raw, err := json.Marshal(now)
	if err == nil {
		err = s.store.SaveOutline(ctx, raw)
	}
	if err != nil {
		s.log.Warn("what the configuration says is not kept: the next start shows changes that it knows", "err", err)
	}
}

func (s *server) audit(ctx context.Context, a *applied) {
	if a.None() {
		return
	}
	err := s.chat.Audit(ctx, core.AuditEntry{Action: "config.reloaded", Subject: s.cfg.Load().Path, Detail: a.String()})
	if err != nil {
		s.log.Error("what was done is not in the audit log", "action", "config.reloaded", "err", err)
	}
}

// String is one line for people.
func (a *applied) String() string {
	var parts []string
	for _, done := range []struct {
		word   string
		blocks []string
	}{{"added", a.Added}, {"changed", a.Changed}, {"removed", a.Removed}} {
		if len(done.blocks) > 0 {
			parts = append(parts, done.word+" "+strings.Join(done.blocks, "; "))
		}
	}
	return strings.Join(parts, ". ")
}

func settingsOf(cfg *config.Config) web.Settings {
	l := cfg.Limits
	return web.Settings{
		Limits: web.Limits{
			Frames: web.Limit(l.Frames), Sockets: web.Limit(l.Sockets),
			Sessions: web.Limit(l.Sessions), Uploads: web.Limit(l.Uploads),
			Visitors: web.Limit(l.Visitors), Open: l.Open,
			Tracks: web.Limit(l.Tracks), Emits: web.Limit(l.Emits), Calls: web.Limit(l.Calls),
		},
		Proof: l.ProofOfWork, MaxUpload: cfg.Files.MaxSize, Quota: cfg.Files.Quota, Types: cfg.Files.Types,
		MetricsToken: cfg.Server.MetricsToken, AdminToken: cfg.Server.AdminToken,
	}
}
