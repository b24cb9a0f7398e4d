package store

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// Whoever reads the project's events page by page while two nodes write them sees
// each once, in the order of places, without a gap; and each session's in its order.
func TestProjectEventsUnderConcurrentCommits(t *testing.T) {
	const writers, each = 8, 40
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		nodes := []*Store{w.Store, open(t, url)}
		var sessions []*core.Session
		for range writers {
			sessions = append(sessions, w.openSession(w.newVisitor()))
		}
		const total = writers + writers*each
		var group sync.WaitGroup
		var failed atomic.Bool
		for i, s := range sessions {
			group.Go(func() {
				for n := range each {
					if _, err := nodes[(i+n)%2].Append(ctx(t), w.post(s, fmt.Sprint(n))); err != nil {
						failed.Store(true)
						t.Errorf("append: %v", err)
						return
					}
				}
			})
		}
		for reader := range 3 {
			group.Go(func() {
				var after int64
				seqs := map[string]int64{}
				for seen := 0; seen < total && !failed.Load(); {
					events, err := nodes[reader%2].ProjectEvents(ctx(t), w.project.ID, after, 1+rand.IntN(20))
					if err != nil {
						t.Errorf("read: %v", err)
						return
					}
					for _, e := range events {
						if e.Pos != after+1 || e.Seq != seqs[e.SessionID]+1 {
							t.Errorf("place %d with seq %d after place %d with seq %d", e.Pos, e.Seq, after, seqs[e.SessionID])
							return
						}
						if e.Type == core.MessagePosted && e.Message == nil {
							t.Errorf("place %d has no message", e.Pos)
						}
						after, seqs[e.SessionID] = e.Pos, e.Seq
						seen++
					}
				}
			})
		}
		group.Wait()
		last, err := w.LastPos(ctx(t), w.project.ID)
		must(t, err)
		equal(t, "the last place", last, total)
		none, err := w.ProjectEvents(ctx(t), "proj_other", 0, 10)
		must(t, err)
		equal(t, "another project's", len(none), 0)
		_, err = w.LastPos(ctx(t), "proj_other")
		wantCode(t, err, core.CodeNotFound)
	})
}
