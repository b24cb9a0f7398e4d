package outbound

import (
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"
)

const keptAttempts = 100

// Attempt is one call to a receiver. It holds nothing of what was said, and no
// address.
type Attempt struct {
	At      time.Time     `json:"-"`
	Took    time.Duration `json:"-"`
	ID      string        `json:"id"`             // of the event, or of the first of several
	Type    string        `json:"type,omitempty"` // of a single event
	Events  int           `json:"events"`
	Session string        `json:"session"`
	Status  int           `json:"status,omitempty"` // 0: there was no answer
	Error   string        `json:"error,omitempty"`  // empty: it was taken
}

// MarshalJSON writes the times as the rest of PocketPing does.
func (a Attempt) MarshalJSON() ([]byte, error) {
	type plain Attempt
	return json.Marshal(struct {
		At   string `json:"at"`
		Took int64  `json:"ms"`
		plain
	}{a.At.UTC().Format("2006-01-02T15:04:05.000Z"), a.Took.Milliseconds(), plain(a)})
}

// Log keeps the newest attempts in memory. The zero value is ready; as an
// http.Handler it serves them at /log, the newest first.
type Log struct {
	mu       sync.Mutex
	attempts []Attempt
}

// Add keeps an attempt, and forgets the oldest beyond a hundred.
func (l *Log) Add(a Attempt) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.attempts) == keptAttempts {
		l.attempts = slices.Delete(l.attempts, 0, 1)
	}
	l.attempts = append(l.attempts, a)
}

// Attempts are those that are kept, the newest first.
func (l *Log) Attempts() []Attempt {
	l.mu.Lock()
	defer l.mu.Unlock()
	newest := slices.Clone(l.attempts)
	slices.Reverse(newest)
	return newest
}

func (l *Log) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/log" || r.Method != http.MethodGet {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	attempts := l.Attempts()
	if attempts == nil {
		attempts = []Attempt{}
	}
	_ = json.NewEncoder(w).Encode(map[string][]Attempt{"attempts": attempts}) // whoever asked has gone
}
