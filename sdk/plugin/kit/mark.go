package kit

import (
	"context"
	"strconv"
	"sync"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// Mark is the moment until which nothing that the platform reported was missed. It
// survives restarts in the host's state: what came after it is to be fetched.
type Mark struct {
	Clock *Clock // the platform's; nil: ours

	host plugin.Host

	moving sync.Mutex // held while the mark is saved

	mu    sync.Mutex
	at    time.Time
	saved time.Time         // zero: never
	under map[int]time.Time // began, and is not committed yet
	next  int

	threads map[string]time.Time // until when each was fetched, where that is later than at
	listed  time.Time            // when they were saved
}

const (
	stateMark = "mark"
	// Saved no more often than this; a restart reads so much again, and a little
	// more, because the platform's clock is another one.
	markEvery = 15 * time.Second
	markSlack = time.Minute
	// The platform's clock is not known when the first mark is kept.
	firstSlack = time.Hour
)

// NewMark reads the mark. Without one nothing was missed so far.
func NewMark(host plugin.Host) *Mark {
	m := &Mark{host: host, at: time.Now(), under: map[int]time.Time{}, threads: threadMarks(host)}
	if ms, err := strconv.ParseInt(string(host.State(stateMark)), 10, 64); err == nil {
		m.at = time.UnixMilli(ms)
		m.saved = m.at
	}
	return m
}

// Keep saves the first mark, unless there is one: a bridge that is not well yet can
// have threads already, and what is said there is to be fetched after a restart. To
// be called when the bridge begins to receive.
func (m *Mark) Keep(ctx context.Context) {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	at, known := m.at, !m.saved.IsZero()
	m.mu.Unlock()
	if known {
		return
	}
	first := at.Add(-firstSlack)
	if err := m.save(ctx, first); err != nil {
		m.host.Log().Warn("the place in the platform's history was not saved; what is missed before the next time may not be fetched", "error", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = first
}

func (m *Mark) save(ctx context.Context, at time.Time) error {
	return m.host.SaveState(ctx, stateMark, []byte(strconv.FormatInt(at.UnixMilli(), 10)))
}

// Since is from when on something may have been missed, by the platform's clock.
func (m *Mark) Since() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.at.Add(-markSlack)
}

// Begin notes that something was reported; done, that it was committed.
func (m *Mark) Begin() (done func()) { return m.Missing(time.Now()) }

// Missing notes that what happened since is still to be fetched, and keeps the mark
// where it is; done, that it was fetched.
func (m *Mark) Missing(since time.Time) (done func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	id := m.next
	m.next++
	m.under[id] = since
	return func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		delete(m.under, id)
	}
}

// Alive moves the mark: all that was reported until at is committed or under way.
// To be called now and then while the connection is well and nothing is left to fetch.
func (m *Mark) Alive(ctx context.Context, at time.Time) {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	at, saved := m.certain(at), m.saved
	m.mu.Unlock()
	if at.Sub(saved) < markEvery {
		return
	}
	if err := m.save(ctx, at); err != nil {
		m.host.Log().Warn("the place in the platform's history was not saved; some will be read again and recognized", "error", err)
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.at, m.saved = at, at
}

// Back moves the mark back: what happened since is to be fetched, also after a restart,
// but for threads of which more was Caught.
func (m *Mark) Back(ctx context.Context, since time.Time) error {
	m.moving.Lock()
	defer m.moving.Unlock()
	m.mu.Lock()
	if since = m.theirs(since); since.Before(m.at) {
		m.at = since
	}
	enough := !m.saved.IsZero() && !since.Before(m.saved)
	m.mu.Unlock()
	if enough {
		return nil
	}
	if err := m.save(ctx, since); err != nil {
		return err
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.saved = since
	return nil
}

// certain is at, or earlier, when not all that was reported until then is committed; by
// the platform's clock. mu is held.
func (m *Mark) certain(at time.Time) time.Time {
	for _, began := range m.under {
		if began.Before(at) {
			at = began
		}
	}
	return m.theirs(at)
}

// theirs is a moment of our clock by the platform's.
func (m *Mark) theirs(at time.Time) time.Time {
	if m.Clock == nil {
		return at
	}
	return m.Clock.Earliest(at)
}
