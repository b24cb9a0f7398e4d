package cli

import (
	"context"
	"errors"
	"sync"

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
)

// tryPlugins launches every plugin once, all at the same time, to find what is
// wrong with the blocks before anything runs. It returns the ids of the bridges
// that serve pages. The specs are those of cfg.Bridges, in the same order; those that
// skip names are left out.
func tryPlugins(ctx context.Context, h *host.Host, cfg *config.Config, specs []host.Spec, skip func(id string) bool) ([]string, error) {
	pages := make([]bool, len(specs))
	errs := make([]error, len(specs))
	var wg sync.WaitGroup
	for i, spec := range specs {
		if cfg.Bridges[i].Remote() {
			continue // it is not here; what is wrong with its block is said when it connects
		}
		if skip != nil && skip(spec.ID) {
			continue
		}
		wg.Go(func() {
			pages[i], errs[i] = tryPlugin(ctx, h, spec)
			errs[i] = located(cfg.Bridges[i], errs[i])
		})
	}
	wg.Wait()
	var ids []string
	for i, spec := range specs {
		if pages[i] {
			ids = append(ids, spec.ID)
		}
	}
	return ids, joined(errs)
}

// tryPlugin gives a plugin that ends at once a second chance: what ended it may
// have been an accident, and a server that starts must not stumble over that.
func tryPlugin(ctx context.Context, h *host.Host, spec host.Spec) (pages bool, err error) {
	pages, err = h.Try(ctx, spec)
	var ds config.Diagnostics
	var field *host.ConfigError
	if err != nil && !errors.As(err, &ds) && !errors.As(err, &field) && ctx.Err() == nil {
		pages, err = h.Try(ctx, spec)
	}
	return pages, err
}

// located gives what the host or the plugin says its line of the file.
func located(b *config.Bridge, err error) error {
	var ds config.Diagnostics
	var field *host.ConfigError
	switch {
	case err == nil || errors.As(err, &ds):
		return err
	case errors.As(err, &field):
		return b.Wrong(field.Field, field.Reason)
	}
	return b.Wrong("", oneLine(err.Error()))
}

// joined makes one Diagnostics of all.
func joined(errs []error) error {
	var all config.Diagnostics
	for _, err := range errs {
		var ds config.Diagnostics
		if errors.As(err, &ds) {
			all = append(all, ds...)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all
}
