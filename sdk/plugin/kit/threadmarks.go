package kit

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

const (
	stateThreadMarks = "threads"
	// What was fetched of many threads is saved together; a restart fetches again what
	// was not.
	threadMarksEvery = 250 * time.Millisecond
	maxThreadMarks   = 1000 // the newest
)

func threadMarks(host plugin.Host) map[string]time.Time {
	marks := map[string]time.Time{}
	var saved map[string]int64
	if json.Unmarshal(host.State(stateThreadMarks), &saved) != nil {
		return marks // none were saved: all is fetched
	}
	for thread, ms := range saved {
		marks[thread] = time.UnixMilli(ms)
	}
	return marks
}

// SinceIn is Since for one thread, of which more may have been fetched than of others.
func (m *Mark) SinceIn(thread string) time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.at
	if caught := m.threads[thread]; caught.After(at) {
		at = caught
	}
	return at.Add(-markSlack)
}

// Caught notes that what happened in the thread until at was fetched and is committed. A
// bridge that is restarted before it has fetched all begins with what is left: else one
// that never gets so far would have more to fetch each time.
func (m *Mark) Caught(ctx context.Context, thread string, at time.Time) {
	m.mu.Lock()
	m.threads[thread] = m.certain(at)
	due := time.Since(m.listed) >= threadMarksEvery
	var list []byte
	if due {
		m.listed = time.Now()
		list = m.list()
	}
	m.mu.Unlock()
	if !due {
		return
	}
	if err := m.host.SaveState(ctx, stateThreadMarks, list); err != nil {
		m.host.Log().Warn("how far threads were fetched was not saved; after a restart they are fetched again", "error", err)
	}
}

// forget takes a thread out that was erased, so that nothing names it any more.
func (m *Mark) forget(ctx context.Context, thread string) error {
	m.mu.Lock()
	_, known := m.threads[thread]
	delete(m.threads, thread)
	list := m.list()
	m.mu.Unlock()
	if !known {
		return nil
	}
	return m.host.SaveState(ctx, stateThreadMarks, list)
}

// list is what is saved of the threads; mu is held.
func (m *Mark) list() []byte {
	maps.DeleteFunc(m.threads, func(_ string, at time.Time) bool { return !at.After(m.at) })
	newest := slices.SortedFunc(maps.Keys(m.threads), func(a, b string) int { return m.threads[b].Compare(m.threads[a]) })
	saved := map[string]int64{}
	for _, thread := range newest[:min(len(newest), maxThreadMarks)] {
		saved[thread] = m.threads[thread].UnixMilli()
	}
	list, _ := json.Marshal(saved) // numbers by names: it cannot fail
	return list
}
