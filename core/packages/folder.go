package packages

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// home is the folder, beside the plugins, of what archives were unpacked to.
const home = ".packages"

// replace makes a file under another name and moves it into its place.
func replace(name string, make func(tmp string) error) error {
	tmp := filepath.Join(filepath.Dir(name), "."+filepath.Base(name)+".new")
	if err := os.Remove(tmp); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := make(tmp); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// Verify says that the program, found at the path with its links resolved, is not what
// the plugin is pinned to, nor the version before. pinned is the archive's SHA-256; it
// is empty, and any program may run, for a plugin that was not installed.
func Verify(dir, plugin, path string) (pinned string, err error) {
	lock, err := ReadLock(dir)
	if err != nil {
		return "", err
	}
	e := lock.Plugins[plugin]
	if e == nil {
		return "", nil
	}
	whole, err := filepath.Abs(dir)
	if err == nil {
		whole, err = filepath.EvalSymlinks(whole)
	}
	if err != nil {
		return "", err
	}
	for _, r := range []*Release{e.Current, e.Previous} {
		if r == nil {
			continue
		}
		program := filepath.Join(whole, r.Folder, filepath.FromSlash(r.Program))
		if program == path || runtime.GOOS == "windows" && r.Program != "" && sameFile(path, program) {
			return r.Archive, r.verify(whole)
		}
	}
	return "", fmt.Errorf("%s is not what %s pins for %s (version %s): `pocketping plugin install` it again, `pocketping plugin remove %[3]s`, or pin it in its block with sha256", path, LockName, plugin, e.Current.Version)
}

func sameFile(a, b string) bool {
	one, _, errA := hashOf(a)
	other, _, errB := hashOf(b)
	return errA == nil && errB == nil && one == other
}

// verify compares all files of the release with what they are pinned to.
func (r *Release) verify(dir string) error {
	folder := filepath.Join(dir, r.Folder)
	found := 0
	err := filepath.WalkDir(folder, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if e.IsDir() {
			if e.Name() == "__pycache__" { // Python's own
				return filepath.SkipDir
			}
			return nil
		}
		rel, err := filepath.Rel(folder, name)
		if err != nil {
			return err
		}
		want, ok := r.Files[filepath.ToSlash(rel)]
		if !ok || !e.Type().IsRegular() {
			return fmt.Errorf("%s did not come with version %s: remove it, or install the plugin again", name, r.Version)
		}
		found++
		have, _, err := hashOf(name)
		if err == nil && have != want {
			err = fmt.Errorf("%s is not the file that %s pins (it is %s): install the plugin again", name, LockName, have)
		}
		return err
	})
	if err == nil && found != len(r.Files) {
		err = fmt.Errorf("%s lacks files of version %s: install the plugin again", folder, r.Version)
	}
	return err
}

// Staged is an archive that was unpacked and is not in its place yet.
type Staged struct {
	Archive *Archive
	Program string // where it can be run
	dir     string // of the plugins
	folder  string // the temporary one
	rel     string // the program in it
}

// Stage unpacks the archive beside the plugins. Discard removes what Install has not
// taken.
func Stage(dir string, a *Archive) (_ *Staged, err error) {
	if err := os.MkdirAll(filepath.Join(dir, home), 0o755); err != nil {
		return nil, fmt.Errorf("the plugins' folder cannot be written: %w", err)
	}
	folder, err := os.MkdirTemp(filepath.Join(dir, home), ".staged-")
	if err != nil {
		return nil, fmt.Errorf("the plugins' folder cannot be written: %w", err)
	}
	s := &Staged{Archive: a, dir: dir, folder: folder}
	if s.rel, err = a.Unpack(folder); err != nil {
		s.Discard()
		return nil, err
	}
	s.Program = filepath.Join(folder, filepath.FromSlash(s.rel))
	return s, os.Chmod(folder, 0o755)
}

// Discard removes what was unpacked, unless Install has taken it.
func (s *Staged) Discard() { _ = os.RemoveAll(s.folder) }

// Install puts the plugin in its place, pins it, and keeps the version before. key is
// what every later version must be signed with; empty: as it was.
func (s *Staged) Install(source, key string) error {
	release, err := alone(s.dir)
	if err != nil {
		return err
	}
	defer release()
	m := s.Archive.Manifest
	lock, err := ReadLock(s.dir)
	if err != nil {
		return err
	}
	e := lock.Plugins[m.Name]
	if e == nil {
		if _, err := os.Lstat(placeOf(s.dir, m.Name)); err == nil {
			return fmt.Errorf("there is a plugin %s in %s that was not installed: move it away first", m.Name, s.dir)
		}
		e = &Entry{}
	} else if e.Current.Archive == s.Archive.SHA256 {
		return nil // another command did the same meanwhile
	}
	r := &Release{
		Version: m.Version, Source: source, Archive: s.Archive.SHA256, Installed: time.Now().UTC().Truncate(time.Second), Asks: m.Asks,
		Folder: filepath.ToSlash(filepath.Join(home, m.Name, m.Version+"-"+s.Archive.SHA256[:12])), Program: s.rel, Files: map[string]string{},
	}
	for name, f := range m.Files {
		if m.here(name) {
			r.Files[name] = f.SHA256
		}
	}
	to := filepath.Join(s.dir, filepath.FromSlash(r.Folder))
	if err := os.RemoveAll(to); err != nil { // of an install that was interrupted
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	if err := os.Rename(s.folder, to); err != nil {
		return err
	}
	dropped := e.Previous
	if e.Current != nil && e.Current.Folder != r.Folder {
		e.Previous = e.Current
	}
	e.Current = r
	if key != "" {
		e.Key = key
	}
	lock.Plugins[m.Name] = e
	// The lock names both versions before the place changes: whichever is found there at
	// any moment is pinned.
	if err := lock.save(s.dir); err != nil {
		return err
	}
	if err := point(s.dir, m.Name, r); err != nil {
		return err
	}
	if dropped != nil && dropped.Folder != r.Folder && dropped != e.Previous {
		return os.RemoveAll(filepath.Join(s.dir, filepath.FromSlash(dropped.Folder)))
	}
	return nil
}

// placeOf is where the host looks for the plugin.
func placeOf(dir, plugin string) string {
	if runtime.GOOS == "windows" {
		plugin += ".exe"
	}
	return filepath.Join(dir, plugin)
}

// point makes the plugin's place lead to the release: by a link, or on Windows, where
// few may make one, by a copy.
func point(dir, plugin string, r *Release) error {
	target := filepath.Join(filepath.FromSlash(r.Folder), filepath.FromSlash(r.Program))
	return replace(placeOf(dir, plugin), func(tmp string) error {
		if runtime.GOOS != "windows" {
			return os.Symlink(target, tmp)
		}
		to, err := os.OpenFile(tmp, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o755)
		if err != nil {
			return err
		}
		return errors.Join(copyFrom(to, filepath.Join(dir, target)), to.Close())
	})
}

// Rollback puts the version before back into its place; the one that was there becomes
// the one before.
func Rollback(dir, plugin string) (*Entry, error) {
	release, err := alone(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	lock, e, err := installed(dir, plugin)
	if err != nil {
		return nil, err
	}
	if e.Previous == nil {
		return nil, fmt.Errorf("%s has no version before %s here", plugin, e.Current.Version)
	}
	e.Current, e.Previous = e.Previous, e.Current
	whole, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := e.Current.verify(whole); err != nil {
		return nil, err
	}
	if err := lock.save(dir); err != nil {
		return nil, err
	}
	return e, point(dir, plugin, e.Current)
}

// Remove takes the plugin away, with the version before.
func Remove(dir, plugin string) (*Entry, error) {
	release, err := alone(dir)
	if err != nil {
		return nil, err
	}
	defer release()
	lock, e, err := installed(dir, plugin)
	if err != nil {
		return nil, err
	}
	if err := os.Remove(placeOf(dir, plugin)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	delete(lock.Plugins, plugin)
	if err := lock.save(dir); err != nil {
		return nil, err
	}
	return e, os.RemoveAll(filepath.Join(dir, home, plugin))
}

// installed finds a plugin that was installed.
func installed(dir, plugin string) (*Lock, *Entry, error) {
	lock, err := ReadLock(dir)
	if err != nil {
		return nil, nil, err
	}
	e := lock.Plugins[plugin]
	if e == nil {
		var have []string
		for name := range lock.Plugins {
			have = append(have, name)
		}
		words := "none is"
		if len(have) > 0 {
			words = "there are " + strings.Join(have, ", ")
		}
		return nil, nil, fmt.Errorf("no plugin %q was installed in %s: %s", plugin, dir, words)
	}
	return lock, e, nil
}
