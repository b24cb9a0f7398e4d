package workshop

import (
	"context"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
)

// quiet is how long nothing must be written before a save is told: editors write in
// several steps, and several files at once.
const quiet = 50 * time.Millisecond

// Watch tells which files were saved, by their paths within the folder, until ctx ends.
// What is not the author's to write is left out.
func (f *Folder) Watch(ctx context.Context) (<-chan []string, error) {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return nil, fmt.Errorf("the folder cannot be watched: %w", err)
	}
	if err := watchBelow(w, f.Dir); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("the folder cannot be watched: %w", err)
	}
	saves := make(chan []string)
	go func() {
		defer close(saves)
		defer func() { _ = w.Close() }()
		f.tell(ctx, w, saves)
	}()
	return saves, nil
}

// tell gathers what is written until nothing more is, and until somebody takes it.
func (f *Folder) tell(ctx context.Context, w *fsnotify.Watcher, saves chan<- []string) {
	var names []string
	pause := time.NewTimer(0)
	pause.Stop()
	var out chan<- []string
	for {
		select {
		case <-ctx.Done():
			return
		case e, ok := <-w.Events:
			if !ok {
				return
			}
			name, matters := f.matters(e)
			if !matters {
				continue
			}
			if e.Has(fsnotify.Create) {
				_ = watchBelow(w, e.Name) // it may be a file, or gone by now
			}
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
			out = nil
			pause.Reset(quiet)
		case err, ok := <-w.Errors: // it is not known what was saved
			if ok && err != nil && !slices.Contains(names, ".") {
				names, out = append(names, "."), nil
				pause.Reset(quiet)
			}
		case <-pause.C:
			out = saves
		case out <- names:
			names, out = nil, nil
		}
	}
}

// matters says whether what happened to a file is a save.
func (f *Folder) matters(e fsnotify.Event) (name string, ok bool) {
	name, err := filepath.Rel(f.Dir, e.Name)
	if err != nil || e.Op == fsnotify.Chmod || foreign(filepath.Base(name)) {
		return "", false
	}
	return name, true
}

// foreign are names of what tools write: caches, packages, an editor's own files, what
// was packed.
func foreign(name string) bool {
	return strings.HasPrefix(name, ".") || strings.HasSuffix(name, "~") || strings.HasSuffix(name, ".tar.gz") ||
		name == "node_modules" || name == "__pycache__" || name == "4913" // with which Vim tries a folder
}

func watchBelow(w *fsnotify.Watcher, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case !d.IsDir():
			return nil
		case path != dir && foreign(d.Name()):
			return filepath.SkipDir
		}
		return w.Add(path)
	})
}
