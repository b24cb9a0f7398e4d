package host_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
	"github.com/pocketping/pocketping/internal/zoo"
)

// What no plugin should do hurts no other plugin, is seen, and is told in words; what
// they log and report is bounded.
func TestZoo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	bridges := []string{bridgeID}
	for _, animal := range zoo.All {
		bridges = append(bridges, "acme."+animal)
	}
	_, err := w.store.SyncProject(t.Context(), store.ProjectSpec{Slug: "acme", Name: "Acme", Bridges: bridges})
	must(t, err)
	w.project.Bridges = bridges
	w.host.Run(w.spec())
	w.visitor("Anna").say("before")
	w.delivered("before")

	left := filepath.Join(t.TempDir(), "child")
	began := time.Now()
	seen := w.sees(began)
	for _, animal := range zoo.All {
		w.host.Run(w.spec(func(s *host.Spec) {
			s.ID, s.Plugin, s.Kind = "acme."+animal, animal, "bridge"
			s.Env = map[string]string{zoo.Env: animal, zoo.FileEnv: left}
			switch animal {
			case zoo.Leaks:
				s.Limits.Memory = 150_000_000
			case zoo.HookThatReports:
				s.Kind = "hook"
			}
		}))
	}
	var texts []string
	for i := range 40 {
		text := fmt.Sprint("meanwhile ", i)
		texts = append(texts, text)
		w.visitor("Ben").say(text)
	}
	w.platform.eventually(t, "what visitors wrote meanwhile, once", func() bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return w.platform.count(text) != 1 })
	})
	t.Logf("the other bridge had 40 messages after %s", time.Since(began).Round(time.Millisecond))
	waiting := time.After(25 * time.Second)
	for found := map[string]bool{}; len(found) < len(zoo.Says)-2; {
		select {
		case s := <-seen:
			found[s.animal] = true
			t.Logf("%-18s seen after %s: %s", s.animal, s.after.Round(time.Millisecond), s.says)
		case <-waiting:
			for _, s := range w.host.Status() {
				if !found[s.Plugin] && zoo.Says[s.Plugin] != "" {
					t.Errorf("%s is %s: %q", s.Plugin, s.State, s.LastError)
				}
			}
			t.FailNow()
		}
	}
	for _, c := range w.host.Counters() {
		if c.BridgeID == bridgeID && (c.Retried+c.Failed > 0 || c.Delivered == 0) {
			t.Errorf("the other bridge: %+v", c)
		}
	}
	if n := strings.Count(w.log.String(), "so much to say"); n > 5*220 {
		t.Errorf("%d lines of a flood are in the log", n)
	}

	child, err := os.ReadFile(left)
	must(t, err)
	pid, err := strconv.Atoi(string(child))
	must(t, err)
	ended := time.Now()
	w.host.Stop(context.Background())
	if took := time.Since(ended); took > 15*time.Second {
		t.Errorf("the end took %s", took)
	}
	if err := syscall.Kill(pid, 0); err == nil && !zombie(pid) {
		t.Error("what a plugin has started outlives it")
	}
}

// seen is what Status says of an animal.
type seen struct {
	animal, says string
	after        time.Duration
}

// sees tells of each animal once, when Status says what is wrong with it.
func (w *world) sees(began time.Time) <-chan seen {
	told := make(chan seen, len(zoo.Says))
	ctx := w.t.Context()
	go func() {
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		found := map[string]bool{}
		for ctx.Err() == nil {
			for _, s := range w.host.Status() {
				if want := zoo.Says[s.Plugin]; want != "" && !found[s.Plugin] && strings.Contains(s.LastError, want) {
					found[s.Plugin] = true
					told <- seen{s.Plugin, s.LastError, time.Since(began)}
				}
			}
			<-tick.C
		}
	}()
	return told
}

// zombie reports whether the process has ended and nobody has asked how.
func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(stat), ") Z ")
}
