package main

import (
	"context"
	"encoding/json"
	"slices"
	"sync"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// share is where a file is shown.
type share struct{ ts, thread string }

// uploads know the files on their way: under which key each was sent, also after a
// restart, and who waits for it to be shown.
type uploads struct {
	host   plugin.Host
	saving sync.Mutex // they are saved in the order in which they came

	mu      sync.Mutex
	kept    []upload // the oldest first
	waiting map[string]chan share
}

type upload struct{ Key, File string }

const stateUploads = "uploads"

// maxUploads are kept: a file is in doubt until the host has recorded where it is
// shown, which is long before so many others came.
const maxUploads = 256

func newUploads(host plugin.Host) *uploads {
	u := &uploads{host: host, waiting: map[string]chan share{}}
	_ = json.Unmarshal(host.State(stateUploads), &u.kept) // none are kept yet
	return u
}

// of is the file that was sent under the key; empty: none.
func (u *uploads) of(key string) string {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, up := range u.kept {
		if up.Key == key {
			return up.File
		}
	}
	return ""
}

// keep is to come before the file can be seen.
func (u *uploads) keep(ctx context.Context, key, id string) error {
	u.saving.Lock()
	defer u.saving.Unlock()
	return u.host.SaveState(ctx, stateUploads, marshal(u.add(upload{key, id})))
}

func (u *uploads) add(up upload) []upload {
	u.mu.Lock()
	defer u.mu.Unlock()
	others := slices.DeleteFunc(slices.Clone(u.kept), func(old upload) bool { return old.Key == up.Key })
	u.kept = append(others[max(len(others)-maxUploads+1, 0):], up)
	return u.kept
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
