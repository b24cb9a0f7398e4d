package packages

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
)

// Whoever installs beside somebody else loses nothing of theirs.
func TestInstallsAtOnce(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "plugins")
	var all sync.WaitGroup
	for n := range 20 {
		name := fmt.Sprintf("matrix%d", n/2) // two of each: they are the same archive
		path := forge(t, map[string]string{"run": "#!/bin/sh\n"}, func(m *Manifest) { m.Name = name }, entry{name: "run", text: "#!/bin/sh\n"})
		all.Go(func() {
			a, err := Open(path)
			if err != nil {
				t.Error(err)
				return
			}
			staged, err := Stage(dir, a)
			if err != nil {
				t.Error(err)
				return
			}
			defer staged.Discard()
			if err := staged.Install(path, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
	lock, err := ReadLock(dir)
	must(t, err)
	if len(lock.Plugins) != 10 {
		t.Fatalf("of 10 plugins, %d are pinned", len(lock.Plugins))
	}
	for name := range lock.Plugins {
		place, err := filepath.EvalSymlinks(placeOf(dir, name))
		must(t, err)
		_, err = Verify(dir, name, place)
		must(t, err)
	}
}
