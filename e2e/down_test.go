package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// What operators do while the core or a plugin is down arrives once and in order
// when it is back: from the platform's own queue within its retries, and from the
// history after that. Edits and deletes too.
func TestWhatOperatorsDidWhileNobodyListened(t *testing.T) {
	t.Parallel()
	gaps := []struct {
		name string
		long time.Duration
		down func(*world)
	}{
		{"core for 30 s", 30 * time.Second, killCore},
		{"core past every retry", 20 * time.Minute, killCore},
		{"plugins", 20 * time.Minute, killPlugins},
	}
	for _, gap := range gaps {
		t.Run(gap.name, func(t *testing.T) {
			t.Parallel()
			w := newWorldOf(t, "sqlite:e2e.db", everyBridge)
			places := w.everyPlace()
			platforms, page := places[:3], places[4]
			ids := map[string][]string{}
			for _, p := range platforms {
				for i := range 3 {
					ids[p.name()] = append(ids[p.name()], p.say(fmt.Sprintf("%s before %d", p.name(), i), ""))
				}
				for _, to := range places { // what is under way in a crash may stand twice in Telegram
					w.eventually(to.name()+" to show what was before", func() bool { return len(said(to, p.name())) == 3 })
				}
			}
			gap.down(w)
			want := map[string][]string{}
			for _, p := range platforms {
				want[p.name()] = whileDown(p, ids[p.name()])
			}
			w.clock.Jump(gap.long)
			if w.isDown() {
				w.start()
			}
			for _, p := range platforms {
				w.shows(page, p.name(), want[p.name()])
			}
			for _, p := range platforms {
				for _, to := range platforms {
					w.shows(to, p.name(), want[p.name()])
				}
			}
			t.Logf("down: %s; %d messages, an edit and a delete on each of 3 platforms: all there once, in order", gap.name, len(want["slack"]))
		})
	}
}

func killCore(w *world) {
	w.t.Helper()
	if err := w.core.Kill(); err != nil {
		w.t.Fatal(err)
	}
}

func killPlugins(w *world) {
	for _, name := range []string{"telegram", "discord", "slack"} {
		w.eventually("a plugin to kill", func() bool { return w.core.KillPlugin(name) })
	}
}

func (w *world) isDown() bool {
	select {
	case <-w.core.Gone():
		return true
	default:
		return false
	}
}

// whileDown does things in a platform and answers with what must come of them.
func whileDown(p place, before []string) (want []string) {
	p.edit(before[0], p.name()+" edited")
	p.remove(before[1])
	want = []string{p.name() + " edited", p.name() + " before 2"}
	for i := range 12 {
		text := fmt.Sprintf("%s missed %02d", p.name(), i)
		id := p.say(text, "")
		switch i {
		case 3:
			text = p.name() + " missed and edited"
			p.edit(id, text)
		case 7:
			p.remove(id)
			continue
		}
		want = append(want, text)
	}
	return want
}

// shows waits until the place shows what was said in another, and nothing else of it.
// What Telegram was being told when the core was killed may stand there twice.
func (w *world) shows(p place, from string, want []string) {
	w.t.Helper()
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s shows of %s\n %q, not\n %q", p.name(), from, said(p, from), want)
		}
	}()
	w.eventually(p.name()+" to show what happened in "+from, func() bool {
		got := said(p, from)
		if once := slices.Compact(slices.Clone(got)); p.name() == "telegram" && len(got) <= len(once)+1 {
			got = once
		}
		return slices.Equal(got, want)
	})
}

// said is what the place shows of what was said in another, in order.
func said(p place, from string) []string {
	var texts []string
	for _, e := range p.lines() {
		if strings.HasPrefix(e.text, from+" ") {
			texts = append(texts, e.text)
		}
	}
	return texts
}
