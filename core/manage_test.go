package core_test

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// asked is a store that counts how often it is asked for projects, and is slow once.
type asked struct {
	*store.Store
	times atomic.Int64
	slow  chan struct{}
	fails atomic.Bool
}

func (a *asked) ProjectsRevision(ctx context.Context) (string, error) {
	if a.times.Add(1) == 1 {
		<-a.slow
	}
	if a.fails.Load() {
		return "", core.Unavailable(errors.New("the disk is gone"))
	}
	return a.Store.ProjectsRevision(ctx)
}

// Strangers with keys that nobody knows share their reads of the store; a key that is
// new there is found, also after a read that failed.
func TestManyUnknownKeys(t *testing.T) {
	h := newHouse(t)
	a := &asked{Store: h.store, slow: make(chan struct{})}
	c := core.NewChat(core.Options{Store: a, Files: h.files, Bus: h.bus, Clock: h.clock, Projects: core.NewProjects(nil)})
	var begin, all sync.WaitGroup
	const strangers = 100
	begin.Add(strangers)
	for range strangers {
		all.Go(func() {
			begin.Done()
			if _, err := c.BySecret(t.Context(), "sk_guess"); !core.IsCode(err, core.CodeUnauthorized) {
				t.Error(err)
			}
		})
	}
	begin.Wait()
	close(a.slow)
	all.Wait()
	if n := a.times.Load(); n >= strangers {
		t.Errorf("%d strangers had the store asked %d times", strangers, n)
	}

	_, keys, err := h.AddProject(t.Context(), core.ProjectDraft{Slug: "shop"})
	if err != nil {
		t.Fatal(err)
	}
	a.fails.Store(true)
	if _, err := c.BySecret(t.Context(), keys.Secret); !core.IsCode(err, core.CodeUnavailable) {
		t.Error(err)
	}
	a.fails.Store(false)
	if p, err := c.BySecret(t.Context(), keys.Secret); err != nil || p.Slug != "shop" {
		t.Error(p, err)
	}
}
