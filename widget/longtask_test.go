package widget_test

import (
	"context"
	"encoding/json"
	"sync"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/tracing"
	"github.com/chromedp/chromedp"
)

// slice is what the browser's tracer says of something that ran; times in microseconds.
type slice struct {
	Name string
	Pid  int
	Tid  int
	Ts   float64
	Dur  float64
	CPU  float64 `json:"tdur"`
	Args struct {
		Data struct{ URL string }
	}
}

// longestTask loads the page and answers with the milliseconds that the longest of those
// tasks computed in which widget.js took part. A machine that is busy with other things
// makes no task compute longer.
func longestTask(b *tab) float64 {
	t := b.t
	t.Helper()
	var mu sync.Mutex
	var slices []slice
	done := make(chan struct{})
	ctx, stop := context.WithCancel(b.ctx)
	defer stop()
	err := chromedp.Listen(ctx, func(ev any) {
		switch e := ev.(type) {
		case *tracing.EventDataCollected:
			mu.Lock()
			defer mu.Unlock()
			for _, raw := range e.Value {
				var s slice
				if err := json.Unmarshal(raw, &s); err == nil && s.Dur > 0 {
					slices = append(slices, s)
				}
			}
		case *tracing.EventTracingComplete:
			close(done)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	call(b, tracing.Start, tracing.StartParams{TraceConfig: &tracing.TraceConfig{IncludedCategories: []string{"devtools.timeline", "disabled-by-default-devtools.timeline"}}})
	b.reload()
	b.do(`requestIdleCallback(()=>requestAnimationFrame(()=>window.idle=true))`)
	b.until("an idle page", `window.idle`)
	call(b, tracing.End, cdp.Empty{})
	<-done
	mu.Lock()
	defer mu.Unlock()
	ours, longest, found := value[string](b, `location.origin+'/widget.js'`), 0.0, 0
	for _, s := range slices {
		if s.Args.Data.URL != ours {
			continue
		}
		for _, task := range slices {
			if task.Name == "RunTask" && task.Pid == s.Pid && task.Tid == s.Tid && s.Ts >= task.Ts && s.Ts < task.Ts+task.Dur {
				longest, found = max(longest, task.CPU/1000), found+1
			}
		}
	}
	t.Logf("%d parts of tasks are the widget's, the longest computed for %.1f ms", found, longest)
	if found < 2 {
		t.Errorf("only %d parts of tasks are the widget's: the script, and its settings at least", found)
	}
	return longest
}

// TestNoLongTask: before the visitor acts, no task of the widget's takes more than 50 ms.
func TestNoLongTask(t *testing.T) {
	t.Parallel()
	c := newFakeCore(t)
	b := visit(t, c)
	if ms := longestTask(b); ms > 50 {
		t.Errorf("a task of %.1f ms", ms)
	}
	// One that would be felt is seen.
	c.do(func() { c.prelude = "for(let i=0,n=1;i<1e7;i++)n=n*16807%2147483647;" })
	if ms := longestTask(b); ms <= 50 {
		t.Errorf("much to compute is a longest task of %.1f ms", ms)
	}
}
