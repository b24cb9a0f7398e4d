package main

import (
	"context"
	"encoding/json"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// share is where a file is shown.
type share struct{ ts, thread string }

// uploads know the files on their way: under which key each was sent, also after a
// restart, and who waits for it to be shown.
type uploads struct {
	host plugin.Host

	mu      sync.Mutex
	ids     map[string]string // of the file, by key
	waiting map[string]chan share
}

const stateUploads = "uploads"

func newUploads(host plugin.Host) *uploads {
	u := &uploads{host: host, ids: map[string]string{}, waiting: map[string]chan share{}}
	_ = json.Unmarshal(host.State(stateUploads), &u.ids) // none are kept yet
	if u.ids == nil {
		u.ids = map[string]string{}
	}
	return u
}

func (u *uploads) of(key string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	return u.ids[key]
}

// keep is to come before the file can be seen.
func (u *uploads) keep(ctx context.Context, key, id string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.ids[key] = id
	return u.host.SaveState(ctx, stateUploads, marshal(u.ids))
}

// forget is saved with the next that is kept.
func (u *uploads) forget(key string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.ids, key)
}

func (u *uploads) watch(id string) <-chan share {
	u.mu.Lock()
	defer u.mu.Unlock()
	found := make(chan share, 1)
	u.waiting[id] = found
	return found
}

func (u *uploads) unwatch(id string) {
	u.mu.Lock()
	defer u.mu.Unlock()
	delete(u.waiting, id)
}

// shown tells whoever waits for the files that a message shows.
func (u *uploads) shown(m *message) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, f := range m.Files {
		select {
		case u.waiting[f.ID] <- share{m.TS, m.ThreadTS}:
		default: // nobody does, or it is known
		}
	}
}
