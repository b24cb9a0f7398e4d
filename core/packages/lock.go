package packages

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"
)

// LockName is the file, beside the plugins, that says what each is pinned to.
const LockName = "plugins.lock"

// Lock is what was installed, by the plugin's name.
type Lock struct {
	Version int               `json:"version"`
	Plugins map[string]*Entry `json:"plugins"`
}

// Entry is an installed plugin.
type Entry struct {
	Current  *Release `json:"current"`
	Previous *Release `json:"previous,omitempty"` // what Rollback goes back to
	Key      string   `json:"key,omitempty"`      // minisign's public key that every version must be signed with
}

// Release is one version of a plugin, as it was unpacked.
type Release struct {
	Version   string            `json:"version"`
	Source    string            `json:"source"`  // where the archive came from
	Archive   string            `json:"archive"` // its SHA-256, in hex
	Installed time.Time         `json:"installed"`
	Folder    string            `json:"folder"` // within the plugins' folder
	Program   string            `json:"program"`
	Files     map[string]string `json:"files"`          // SHA-256 of each, by its path in Folder
	Asks      *Asks             `json:"asks,omitempty"` // what it said that it wants; nil: installed before that was kept
}

// ReadLock reads the lock of a plugins' folder; one that does not exist is empty.
func ReadLock(dir string) (*Lock, error) {
	lock := &Lock{Version: 1, Plugins: map[string]*Entry{}}
	name := filepath.Join(dir, LockName)
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return lock, nil
	}
	if err == nil {
		err = json.Unmarshal(raw, lock)
	}
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w: put back the one that `pocketping plugin install` wrote", name, err)
	}
	if lock.Version != 1 {
		return nil, fmt.Errorf("%s is of a newer PocketPing (version %d)", name, lock.Version)
	}
	for plugin, e := range lock.Plugins {
		if e == nil || e.Current == nil || !namePattern.MatchString(plugin) {
			return nil, fmt.Errorf("%s is not as `pocketping plugin install` wrote it: look at %q", name, plugin)
		}
	}
	return lock, nil
}

func (l *Lock) save(dir string) error {
	raw, err := json.MarshalIndent(l, "", "  ")
	if err != nil {
		return err
	}
	return replace(filepath.Join(dir, LockName), func(tmp string) error { return os.WriteFile(tmp, append(raw, '\n'), 0o644) })
}

// alone has the plugins' folder to itself until release is called: two commands at once
// would each write the lock without what the other did.
func alone(dir string) (release func(), err error) {
	f := flock.New(filepath.Join(dir, "."+LockName), flock.SetPermissions(0o600))
	if err := f.Lock(); err != nil && !errors.Is(err, fs.ErrNotExist) { // there is no folder: nor anything in it
		return nil, fmt.Errorf("the plugins' folder cannot be written: %w", err)
	}
	return func() { _ = f.Close() }, nil
}
