package cli

import (
	"io"
	"os"
	"time"

	"github.com/jedib0t/go-pretty/v6/progress"
	"github.com/mattn/go-isatty"
)

func onTerminal(f *os.File) bool { return isatty.IsTerminal(f.Fd()) }

// showProgress draws a bar on w: step moves it on by one of total, done ends it. Without
// w, where nobody looks, nothing is drawn.
func showProgress(w io.Writer, what string, total int64) (step func(), done func(error)) {
	if w == nil || total == 0 {
		return func() {}, func(error) {}
	}
	bar := progress.NewWriter()
	bar.SetOutputWriter(w)
	bar.SetStyle(progress.StyleBlocks)
	bar.SetUpdateFrequency(100 * time.Millisecond)
	bar.SetTrackerLength(30)
	bar.Style().Visibility.ETA = true
	tracker := &progress.Tracker{Message: what, Total: total}
	bar.AppendTracker(tracker)
	bar.SetAutoStop(true)
	drawn := make(chan struct{})
	go func() {
		bar.Render()
		close(drawn)
	}()
	return func() { tracker.Increment(1) }, func(err error) {
		if err != nil {
			tracker.MarkAsErrored()
		} else {
			tracker.MarkAsDone()
		}
		<-drawn
	}
}
