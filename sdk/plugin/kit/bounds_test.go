package kit

import (
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
)

// What is remembered of threads has a bound: a bridge runs for months.
func TestMemoryIsBounded(t *testing.T) {
	var b Buckets
	var r ReadMarks
	for i := range 3 * maxUnread {
		b.Close(fmt.Sprint("thread ", i), time.Nanosecond)
		r.Add(fmt.Sprint("thread ", i), "id", plugin.Ack{MessageID: "msg", Seq: 1})
	}
	b.Close("open", time.Hour)
	if n := len(b.until); n > 2*minSweep {
		t.Errorf("%d buckets", n)
	}
	if b.Ask("", "open") == nil {
		t.Error("a closed bucket was forgotten")
	}
	if n := len(r.newest); n > maxUnread {
		t.Errorf("%d marks", n)
	}
}
