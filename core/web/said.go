package web

import (
	"sync"

	"github.com/pocketping/pocketping/core"
)

// saidMost is how many visitors' facts are remembered before it begins anew.
const saidMost = 4096

// said remembers what pages said of themselves in the hello of a request, for the
// requests that follow: those bring a token alone, and may open a session.
type said struct {
	mu   sync.Mutex
	kept map[string]core.Actor // by visitor
}

func (k *said) keep(by core.Actor) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.kept == nil || len(k.kept) >= saidMost {
		k.kept = map[string]core.Actor{}
	}
	k.kept[by.VisitorID] = by
}

// about completes who acts with what their page has said.
func (k *said) about(by core.Actor) core.Actor {
	k.mu.Lock()
	defer k.mu.Unlock()
	if known, ok := k.kept[by.VisitorID]; ok && known.ProjectID == by.ProjectID {
		by.Metadata, by.Browser = known.Metadata, known.Browser
	}
	return by
}
