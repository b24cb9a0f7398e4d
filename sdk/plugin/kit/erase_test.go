package kit_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/kit"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// A platform that knows nothing better has each message removed, some at a time; what it
// refuses for good is left, and a failure says how many calls were made.
func TestEraseRemovesEachMessage(t *testing.T) {
	m := &memory{}
	c := &kit.Courier{Host: plugintest.NewHost(t), Platform: m}
	opened, err := m.Open(t.Context(), kit.Opening{Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	thread := opened.Thread
	var links []plugin.Link
	for i := range 25 {
		id, err := m.Send(t.Context(), kit.Outgoing{Thread: kit.Thread{ID: thread}, Key: fmt.Sprint(i)})
		if err != nil {
			t.Fatal(err)
		}
		links = append(links, plugin.Link{Thread: thread, ExternalID: id})
	}
	first, err := c.Erase(t.Context(), thread, links)
	if err != nil || first.Done || len(first.Removed) != 20 || first.Calls != 20 {
		t.Fatalf("at first %+v, %v", first, err)
	}
	links = slices.DeleteFunc(links, func(l plugin.Link) bool { return slices.Contains(first.Removed, l.ExternalID) })

	m.refuse = func(string) error { return plugin.RetryAfter(time.Second, "", errors.New("wait")) }
	_, err = c.Erase(t.Context(), thread, links)
	var f *plugin.Failure
	if !errors.As(err, &f) || f.Kind != plugin.FailureRetryAfter || f.Calls != 1 {
		t.Errorf("refused with %+v", err)
	}

	calls := 0
	m.refuse = func(string) error {
		if calls++; calls == 2 {
			return plugin.Permanent(errors.New("it is theirs"))
		}
		return nil
	}
	last, err := c.Erase(t.Context(), thread, links)
	if err != nil || !last.Done || !slices.Equal(last.Left, []string{links[1].ExternalID}) || last.Why != "it is theirs" || last.Calls != 5 {
		t.Errorf("at last %+v, %v", last, err)
	}
	m.refuse = func(string) error { return plugin.ThreadGone(errors.New("somebody deleted it")) }
	if gone, err := c.Erase(t.Context(), thread, links); err != nil || !gone.Done || len(gone.Left) > 0 {
		t.Errorf("of a thread that is gone: %+v, %v", gone, err)
	}
}
