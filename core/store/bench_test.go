package store

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

const callers = 64

// BenchmarkAppend posts from 64 goroutines, each in its own session: a message,
// an event, a delivery and a once row, durable when Append returns. In turns with
// it the same rows are inserted through gorm in shared transactions, by a writer
// that reads nothing and updates nothing: the floor. Medians of the turns.
func BenchmarkAppend(b *testing.B) {
	for name, url := range map[string]func() string{
		"sqlite":   func() string { return "sqlite:" + filepath.Join(b.TempDir(), "bench.db") },
		"postgres": func() string { return pgtest.URL(b) },
	} {
		b.Run(name, func(b *testing.B) { inTurns(b, url()) })
	}
}

func inTurns(b *testing.B, url string) {
	w := newWorld(b, url)
	sessions := make([]*core.Session, callers)
	for i := range sessions {
		sessions[i] = w.openSession(w.newVisitor())
	}
	var store, floor []float64
	for turn := 0; b.Loop(); turn++ {
		store = append(store, parallel(func(g, n int) error {
			_, err := w.Append(context.Background(), w.post(sessions[g], fmt.Sprint("message ", n), "acme.telegram"))
			return err
		}))
		floor = append(floor, parallel(func(g, n int) error {
			return w.do(context.Background(), rowsOf(g, n+turn*callers*each))
		}))
	}
	b.ReportMetric(median(store), "posts/s")
	b.ReportMetric(4*median(store), "rows/s")
	b.ReportMetric(4*median(floor), "floor-rows/s")
	b.ReportMetric(median(store)/median(floor), "ratio")
}

// each is how many posts a goroutine makes in one turn.
const each = 30

// parallel returns posts per second of one turn.
func parallel(post func(g, n int) error) float64 {
	begin := time.Now()
	var group sync.WaitGroup
	for g := range callers {
		group.Go(func() {
			for n := range each {
				if err := post(g, n*callers+g); err != nil {
					panic(err)
				}
			}
		})
	}
	group.Wait()
	return callers * each / time.Since(begin).Seconds()
}

func median(v []float64) float64 {
	v = slices.Sorted(slices.Values(v))
	return v[len(v)/2]
}

// rowsOf are the rows of one post, ready to be inserted.
func rowsOf(g, n int) plain {
	m := &messageRow{ID: core.NewID(core.KindMessage), ProjectID: "proj_floor", SessionID: fmt.Sprint("sess_", g), Seq: int64(n), Sender: core.SenderVisitor, Text: fmt.Sprint("message ", n), Via: core.ViaWidget, Created: 3000}
	e := eventRow{SessionID: m.SessionID, Seq: m.Seq, ProjectID: m.ProjectID, Pos: int64(n) + 1, Type: core.MessagePosted, At: 3000, MessageID: m.ID}
	d := deliveryRow{Bridge: "acme.telegram", SessionID: m.SessionID, Seq: m.Seq, ProjectID: m.ProjectID, Type: e.Type}
	once := &inboundRow{Bridge: fmt.Sprint("vis_", g), EffectKey: m.ID, ProjectID: m.ProjectID, SessionID: m.SessionID, MessageID: m.ID, Seq: m.Seq, Digest: core.Hash(m.Text), At: 3000}
	return func(b *batch) {
		b.newMessage, b.events = append(b.newMessage, m), append(b.events, e)
		b.deliveries, b.newOnces = append(b.deliveries, d), append(b.newOnces, once)
	}
}
