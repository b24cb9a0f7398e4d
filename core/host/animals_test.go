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
	var texts []string
	for some := range slices.Chunk(zoo.All, 10) {
		began := time.Now()
		seen := w.sees(began, some)
		for _, animal := range some {
			w.host.Run(w.animal(animal, left))
		}
		for range 10 {
			texts = append(texts, fmt.Sprint("meanwhile ", len(texts)))
			w.visitor("Ben").say(texts[len(texts)-1])
		}
		for s := range seen {
			t.Logf("%-18s seen after %s: %s", s.animal, s.after.Round(time.Millisecond), s.says)
			go w.host.Remove(context.Background(), "acme."+s.animal)
		}
		for _, animal := range some { // the floods that nothing is said of
			if strings.HasPrefix(animal, "floods-") {
				go w.host.Remove(context.Background(), "acme."+animal)
			}
		}
	}
	w.platform.eventually(t, "what visitors wrote meanwhile, once", func() bool {
		return !slices.ContainsFunc(texts, func(text string) bool { return w.platform.count(text) != 1 })
	})
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

// animal is the spec of one.
func (w *world) animal(name, left string) host.Spec {
	return w.spec(func(s *host.Spec) {
		s.ID, s.Plugin, s.Kind = "acme."+name, name, "bridge"
		s.Env = map[string]string{zoo.Env: name, zoo.FileEnv: left}
		switch name {
		case zoo.Leaks:
			s.Limits.Memory = 150_000_000
		case zoo.HookThatReports:
			s.Kind = "hook"
		}
	})
}

// seen is what Status says of an animal.
type seen struct {
	animal, says string
	after        time.Duration
}

// sees tells of each animal once, when Status says what is wrong with it; the channel
// is closed when all have been seen.
func (w *world) sees(began time.Time, animals []string) <-chan seen {
	told := make(chan seen)
	missing := map[string]bool{}
	for _, animal := range animals {
		if zoo.Says[animal] != "" {
			missing[animal] = true
		}
	}
	go func() {
		defer close(told)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for len(missing) > 0 {
			for _, s := range w.host.Status() {
				if missing[s.Plugin] && strings.Contains(s.LastError, zoo.Says[s.Plugin]) {
					delete(missing, s.Plugin)
					told <- seen{s.Plugin, s.LastError, time.Since(began)}
				} else if missing[s.Plugin] && time.Since(began) > time.Minute {
					w.t.Errorf("%s is %s: %q", s.Plugin, s.State, s.LastError)
					delete(missing, s.Plugin)
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
