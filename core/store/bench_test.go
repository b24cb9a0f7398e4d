package store

import (
	"context"
	"fmt"
	"path/filepath"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

const callers = 64

func databases(b *testing.B, run func(b *testing.B, url string)) {
	b.Run("sqlite", func(b *testing.B) { run(b, "sqlite:"+filepath.Join(b.TempDir(), "bench.db")) })
	b.Run("postgres", func(b *testing.B) { run(b, pgtest.URL(b)) })
}

// BenchmarkAppend posts from 64 goroutines, each in its own session: a message,
// an event, a delivery and a once row, durable when Append returns.
func BenchmarkAppend(b *testing.B) {
	databases(b, func(b *testing.B, url string) {
		w := newWorld(b, url)
		sessions := make([]*core.Session, callers)
		for i := range sessions {
			sessions[i] = w.openSession(w.newVisitor())
		}
		parallel(b, func(g, n int) {
			c := w.post(sessions[g], fmt.Sprint("message ", n), "acme.telegram")
			if _, err := w.Append(context.Background(), c); err != nil {
				b.Error(err)
			}
		})
	})
}

// BenchmarkFloor inserts the same four rows for each post, through gorm, from 64
// goroutines whose rows share transactions: what the database can do at most.
func BenchmarkFloor(b *testing.B) {
	databases(b, func(b *testing.B, url string) {
		w := newWorld(b, url)
		parallel(b, func(g, n int) {
			row := rowsOf(w, g, n)
			if err := w.do(context.Background(), row); err != nil {
				b.Error(err)
			}
		})
	})
}

func parallel(b *testing.B, post func(g, n int)) {
	b.ResetTimer()
	var group sync.WaitGroup
	for g := range callers {
		group.Go(func() {
			for n := g; n < b.N; n += callers {
				post(g, n)
			}
		})
	}
	group.Wait()
	b.StopTimer()
	perSecond := float64(b.N) / b.Elapsed().Seconds()
	b.ReportMetric(perSecond, "posts/s")
	b.ReportMetric(4*perSecond, "rows/s")
}

// rowsOf are the rows of one post, ready to be inserted.
func rowsOf(w *world, g, n int) plain {
	m := &messageRow{ID: core.NewID(core.KindMessage), ProjectID: w.project.ID, SessionID: fmt.Sprint("sess_", g), Seq: int64(n), Sender: core.SenderVisitor, Text: fmt.Sprint("message ", n), Via: core.ViaWidget, Created: 3000}
	e := eventRow{SessionID: m.SessionID, Seq: m.Seq, ProjectID: m.ProjectID, Pos: int64(n) + 1, Type: core.MessagePosted, At: 3000, MessageID: m.ID}
	d := deliveryRow{Bridge: "acme.telegram", SessionID: m.SessionID, Seq: m.Seq, ProjectID: m.ProjectID, Type: e.Type}
	once := &inboundRow{Bridge: fmt.Sprint("vis_", g), EffectKey: m.ID, ProjectID: m.ProjectID, SessionID: m.SessionID, MessageID: m.ID, Seq: m.Seq, Digest: core.Hash(m.Text), At: 3000}
	return func(b *batch) {
		b.newMessage, b.events = append(b.newMessage, m), append(b.events, e)
		b.deliveries, b.newOnces = append(b.deliveries, d), append(b.newOnces, once)
	}
}
