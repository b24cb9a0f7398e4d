package host_test

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

// linesAt is a bridge that joins lines, with room for so many calls.
func (w *world) linesAt(pace string) {
	w.t.Helper()
	w.host.Run(w.spec(func(s *host.Spec) { s.Pace, s.Env = pace, map[string]string{"FIXTURE_LINES": "1"} }))
	w.status("running", func(s core.BridgeStatus) bool { return s.State == "running" })
}

// lines are all that arrived, one by one; w.platform.mu is held.
func (p *platform) lines() (all []string) {
	for _, d := range p.got {
		if d.Type == "message.posted" {
			all = append(append(all, d.Text), d.More...)
		}
	}
	return all
}

func TestLinesThatWaitForQuotaAreJoined(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linesAt("4/400ms")
	anna := w.visitor("Anna")
	var want []string
	said := map[string]*core.Message{}
	for n := range 20 {
		want = append(want, fmt.Sprint("line ", n))
		said[want[n]] = anna.say(want[n])
	}
	w.platform.eventually(t, "all lines", func() bool { return len(w.platform.lines()) >= len(want) })
	w.settled()
	w.platform.mu.Lock()
	lines, calls := w.platform.lines(), len(w.platform.texts())
	w.platform.mu.Unlock()
	if !slices.Equal(lines, want) || calls > 6 {
		t.Fatalf("in %d calls came %q", calls, lines)
	}
	s, err := w.store.Session(t.Context(), w.project.ID, anna.session)
	must(t, err)
	if last := said[want[19]]; s.Delivered != last.Seq {
		t.Errorf("delivered up to %d, not %d", s.Delivered, last.Seq)
	}
	if n := w.host.Counters()[0].Delivered; n != uint64(len(want)+1) {
		t.Errorf("%d are counted as delivered", n)
	}
	joined := w.platform.joined()
	_, err = w.chat.EditMessage(t.Context(), anna.by, said[joined[len(joined)-1]].ID, "changed", "")
	must(t, err)
	w.platform.eventually(t, "the edit", func() bool { return slices.ContainsFunc(w.platform.got, isEdit) })
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	edit := w.platform.got[slices.IndexFunc(w.platform.got, isEdit)]
	joined[len(joined)-1] = "changed"
	if !slices.Equal(edit.Siblings, joined) || len(edit.Links) < len(joined) {
		t.Errorf("the edit came with %q and the links %+v", edit.Siblings, edit.Links)
	}
}

// joined are the lines of the last call that had several.
func (p *platform) joined() (lines []string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range p.got {
		if len(d.More) > 0 {
			lines = append([]string{d.Text}, d.More...)
		}
	}
	return lines
}

func isEdit(d delivery) bool { return d.Type == "message.edited" }

// With room for each there is no reason to join, nor where no quota is kept at all.
func TestLinesThatDoNotWaitComeAlone(t *testing.T) {
	t.Parallel()
	for _, pace := range []string{"1000/1s", "none"} {
		t.Run(strings.ReplaceAll(pace, "/", " in "), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.linesAt(pace)
			anna := w.visitor("Anna")
			release := w.held(anna)
			anna.say("one")
			anna.say("two")
			release()
			w.delivered("slow", "one", "two")
		})
	}
}

// Of lines that were refused together only the one at fault is given up.
func TestLinesThatAreRefusedTogetherGoAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linesAt("3/300ms")
	w.platform.on(func(d delivery) outcome {
		if slices.Contains(append(d.More, d.Text), "poison") {
			return outcome{Fail: "permanent", Reason: "never"}
		}
		return outcome{}
	})
	anna := w.visitor("Anna")
	for _, text := range []string{"one", "two", "poison", "three", "four"} {
		anna.say(text)
	}
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	var good []string
	for _, d := range w.platform.got {
		if all := append([]string{d.Text}, d.More...); d.Type == "message.posted" && !slices.Contains(all, "poison") {
			good = append(good, all...)
		}
	}
	if !slices.Equal(good, []string{"one", "two", "three", "four"}) {
		t.Errorf("taken were %q", good)
	}
	if n := w.host.Counters()[0].Failed; n != 1 {
		t.Errorf("%d were given up", n)
	}
}

// A crash in the middle of a joined call leaves all of its lines in doubt, and nothing
// behind them.
func TestJoinedLinesAreDoubtedTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.linesAt("4/400ms")
	var crashed atomic.Int32
	w.platform.on(func(d delivery) outcome {
		if len(d.More) > 0 && crashed.CompareAndSwap(0, int32(1+len(d.More))) {
			return outcome{Fail: "exit"}
		}
		return outcome{}
	})
	anna := w.visitor("Anna")
	var want []string
	for n := range 12 {
		want = append(want, fmt.Sprint("line ", n))
		anna.say(want[n])
	}
	w.platform.eventually(t, "all lines again", func() bool { return crashed.Load() > 0 && len(w.platform.lines()) >= len(want)+int(crashed.Load()) })
	w.settled()
	w.platform.mu.Lock()
	defer w.platform.mu.Unlock()
	at := slices.IndexFunc(w.platform.got, func(d delivery) bool { return len(d.More) > 0 })
	before, after := w.platform.got[:at], w.platform.got[at+1:]
	if again := after[0]; !again.Uncertain || again.Text != w.platform.got[at].Text {
		t.Errorf("after the crash came %+v", again)
	}
	var lines []string
	for _, d := range append(slices.Clone(before), after...) {
		if d.Type == "message.posted" {
			lines = append(append(lines, d.Text), d.More...)
		}
	}
	if !slices.Equal(lines, want) {
		t.Errorf("but for the doubted call came %q", lines)
	}
	if n := w.host.Counters()[0].Uncertain; n != 1 {
		t.Errorf("%d calls are counted as uncertain", n)
	}
}
