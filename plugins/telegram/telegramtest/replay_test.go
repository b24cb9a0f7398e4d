package telegramtest_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

func TestUpdatesAreRepeatedAndShuffled(t *testing.T) {
	s := start(t)
	s.Replay(5, 10)
	var words []string
	for i := range 50 {
		words = append(words, fmt.Sprintf("%02d", i))
	}
	write(s, words...)
	s.Replay(1, 0)
	all := poll(t, s, obj{"limit": "100"})
	for more := all; len(more) > 0; all = append(all, more...) {
		more = poll(t, s, obj{"limit": "100", "offset": fmt.Sprint(all[len(all)-1].ID + 1)})
	}
	ids := map[int64]bool{}
	for _, u := range all {
		ids[u.ID] = true
	}
	got := texts(all)
	if len(got) <= 50 || len(ids) != len(all) || slices.IsSorted(got) {
		t.Errorf("%d updates with %d ids: %q", len(got), len(ids), got)
	}
	slices.Sort(got)
	slices.Sort(words)
	if !slices.Equal(slices.Compact(got), words) {
		t.Errorf("of 50 updates %d arrive", len(slices.Compact(got)))
	}
}

func TestDownAndUp(t *testing.T) {
	s := telegramtest.NewServer()
	t.Cleanup(s.Close)
	at := s.URL + "/bot" + s.Token + "/getMe"
	s.Down()
	if resp, err := http.Get(at); err == nil {
		_ = resp.Body.Close()
		t.Fatal("a server that is down answers")
	}
	s.Up()
	resp, err := http.Get(at)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
}
