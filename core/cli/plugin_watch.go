package cli

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/packages"
	"github.com/pocketping/pocketping/core/store"
)

const (
	lockEvery   = time.Second
	statusBeat  = 20 * time.Second // is kept at least so often, also when nothing changes
	statusLasts = 3 * statusBeat   // what is older is of a server that is no more
)

// nodeStatus is how the bridges and hooks of one server are doing, for other programs
// on the same database.
type nodeStatus struct {
	At      time.Time           `json:"at"`
	Bridges []core.BridgeStatus `json:"bridges"`
}

// watchPlugins swaps plugins when another version is installed, and keeps how they are
// doing for `pocketping plugin list`, until ctx ends.
func (s *server) watchPlugins(ctx context.Context) {
	node, _ := os.Hostname() // one without a name is the only one
	tick := time.NewTicker(lockEvery)
	defer tick.Stop()
	locked, said, beat := s.lockOf(), "", time.Time{}
	for {
		select {
		case <-ctx.Done():
			late, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
			defer done()
			_ = s.store.SaveStatus(late, node, nil) // else it is seen to be old
			return
		case <-tick.C:
		}
		if now := s.lockOf(); now != locked {
			locked = now
			s.log.Info("another version of a plugin was installed")
			s.host.Refresh()
		}
		bridges := s.host.Status()
		words := wordsOf(bridges)
		if words == said && time.Since(beat) < statusBeat {
			continue
		}
		said, beat = words, time.Now()
		raw, err := json.Marshal(nodeStatus{At: beat.UTC(), Bridges: bridges})
		if err == nil {
			err = s.store.SaveStatus(ctx, node, raw)
		}
		if err != nil && ctx.Err() == nil {
			s.log.Debug("how the plugins are doing is not kept", "err", err)
		}
	}
}

// wordsOf changes when something changes that people should see.
func wordsOf(bridges []core.BridgeStatus) string {
	var b strings.Builder
	for _, s := range bridges {
		b.WriteString(strings.Join([]string{s.ID, s.State, s.Version, s.LastError}, "\x00") + "\n")
	}
	return b.String()
}

// lockOf tells one state of the plugins' lock from another.
func (s *server) lockOf() string {
	info, err := os.Stat(filepath.Join(s.cfg.Load().Plugins.Dir, packages.LockName))
	if err != nil {
		return ""
	}
	return info.ModTime().String()
}

// statusOf is how the bridges and hooks of the servers that run on the database are
// doing, by id; empty when none runs, or when that cannot be known.
func statusOf(ctx context.Context, cfg *config.Config) map[string]core.BridgeStatus {
	all := map[string]core.BridgeStatus{}
	if path, ok := strings.CutPrefix(cfg.Database.URL, "sqlite:"); ok { // looking makes no database
		path, _, _ = strings.Cut(path, "?")
		if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
			return all
		}
	}
	s, err := store.Open(ctx, cfg.Database.URL, store.Options{})
	if err != nil {
		return all
	}
	defer func() { _ = s.Close() }() // it has only read
	kept, err := s.Statuses(ctx)
	if err != nil {
		return all
	}
	for _, raw := range kept {
		var n nodeStatus
		if json.Unmarshal(raw, &n) != nil || time.Since(n.At) > statusLasts {
			continue
		}
		for _, b := range n.Bridges {
			if have, ok := all[b.ID]; !ok || have.State == "waiting" {
				all[b.ID] = b
			}
		}
	}
	return all
}

// unchanged reports whether the bridge goes on as it runs: what is in its program's place
// is tried then while it does.
func unchanged(running []core.BridgeStatus, restarts []*config.Bridge, id string) bool {
	runs := slices.ContainsFunc(running, func(b core.BridgeStatus) bool { return b.ID == id && b.State == "running" })
	return runs && !slices.ContainsFunc(restarts, func(b *config.Bridge) bool { return b.ID == id })
}
