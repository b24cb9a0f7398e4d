package kit_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin/kit"
)

// What reports goes on for a moment after the bridge began to end.
func TestLanesTakeMoreWhileTheyEnd(t *testing.T) {
	var lanes kit.Lanes
	var done atomic.Int32
	const givers, each = 8, 200
	var giving sync.WaitGroup
	for g := range givers {
		giving.Go(func() {
			for i := range each {
				lanes.Go(fmt.Sprint(g, i%3), func() { done.Add(1) })
			}
		})
	}
	for range 50 {
		lanes.Wait()
	}
	giving.Wait()
	lanes.Wait()
	if n := done.Load(); n != givers*each {
		t.Errorf("%d of %d were done", n, givers*each)
	}
	lanes.Wait()
}
