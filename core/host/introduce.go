package host

import (
	"context"
	"maps"
	"slices"
	"strings"
)

// introduction is what operators should know about a platform; empty: nothing.
func introduction(cannot map[string]string) string {
	if len(cannot) == 0 {
		return ""
	}
	lines := []string{"Good to know about this place:"}
	for _, action := range slices.Sorted(maps.Keys(cannot)) {
		lines = append(lines, "• "+cannot[action])
	}
	return strings.Join(lines, "\n")
}

// introduce tells operators what the platform cannot do, in the first thread that
// this launch makes; the core keeps it to once for ever.
func (r *runner) introduce(session string) {
	r.mu.Lock()
	text := r.introduction
	r.introduction = ""
	r.mu.Unlock()
	if text == "" || r.hook.Load() {
		return
	}
	ctx, cancel := context.WithTimeout(r.hard, readTimeout)
	defer cancel()
	if err := r.h.o.Chat.Introduce(ctx, r.spec.ID, session, text); err != nil {
		r.log.Warn("the operators could not be told what the platform cannot do", "session", session, "err", err)
		r.mu.Lock()
		r.introduction = text // in the next thread then
		r.mu.Unlock()
	}
}
