package host

import (
	"context"
	"errors"
)

// Refresh swaps every plugin whose program is another than the one that runs: the new
// one is started beside it and checked, and takes over when nothing is wrong with it.
// Else the one that runs goes on. It returns at once: Status, the log and operators on
// other bridges tell how it went.
func (h *Host) Refresh() {
	h.mu.Lock()
	all := h.all()
	h.mu.Unlock()
	for _, r := range all {
		if !r.spec.remote() {
			go r.refresh()
		}
	}
}

// refresh is Refresh for one bridge, one at a time.
func (r *runner) refresh() {
	r.swapping.Lock()
	defer r.swapping.Unlock()
	l, v := r.current(), &r.versions
	if l == nil {
		r.restart.hurry() // what was put in place may be what it waits for
		return
	}
	now, err := identify(&r.spec)
	v.mu.Lock()
	running := v.good
	if v.trial != nil {
		running = v.trial
	}
	same := err == nil && running != nil && now.key == running.key
	if same {
		v.refused = ""
	}
	if running == nil || same {
		v.mu.Unlock()
		return
	}
	delete(v.bad, keyOf(now)) // somebody wants it to be tried again
	v.mu.Unlock()
	if err != nil {
		now = &binary{key: "none"}
		r.reject(now, err.Error())
		return
	}
	before, why := failingOf(l, r.plog)
	failing := names(before)
	if why != "" {
		failing = nil // what its own check cannot do is asked of nobody
	}
	r.log.Info("another version of the plugin is tried")
	if why = r.audition(now, failing); why != "" {
		r.reject(now, why)
		return
	}
	v.mu.Lock()
	running.failing, v.good.sound = failing, true
	v.mu.Unlock()
	select {
	case <-r.restart.ask():
	case <-r.done:
	}
}

func keyOf(b *binary) string {
	if b == nil {
		return ""
	}
	return b.key
}

// audition runs the version beside the one that delivers, and has it checked. It says
// what is wrong with it; empty: nothing.
func (r *runner) audition(b *binary, failing map[string]bool) (why string) {
	ctx, cancel := context.WithTimeout(r.ctx, startTimeout)
	defer cancel()
	spec := r.spec
	err := r.h.beside(ctx, spec, func(l *launch, log *pluginLog) error {
		b.version = l.desc.GetVersion()
		if failing == nil {
			return nil
		}
		found, why := failingOf(l, log)
		if why == "" {
			why = worse(found, failing)
		}
		if why != "" {
			return errors.New(why)
		}
		return nil
	})
	if err != nil {
		return err.Error()
	}
	return ""
}
