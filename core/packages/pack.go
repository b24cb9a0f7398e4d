package packages

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// Systems are those that a plugin in Go is packed for when nobody says otherwise.
var Systems = []string{"linux/amd64", "linux/arm64", "darwin/amd64", "darwin/arm64", "windows/amd64"}

// Source is a plugin's folder on its way into an archive.
type Source struct {
	Manifest *Manifest
	dir      string
	scratch  string
	sources  map[string]string // by path in the archive
}

// Prepare collects what goes into the archive: a Go program is built for each of the
// systems, of an interpreted plugin everything in its folder is taken, but for what is
// hidden and for files of settings (.hcl). Close gives back what it made.
func Prepare(ctx context.Context, dir string, systems []string) (_ *Source, err error) {
	if dir, err = filepath.Abs(dir); err != nil {
		return nil, err
	}
	s := &Source{dir: dir, sources: map[string]string{}}
	if s.Manifest, err = ReadManifest(dir); err != nil {
		return nil, err
	}
	s.Manifest.Programs, s.Manifest.Files, s.Manifest.Asks = map[string]string{}, map[string]File{}, nil
	if s.scratch, err = os.MkdirTemp("", "pocketping-pack-"); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			s.Close()
		}
	}()
	if len(s.Manifest.Run) > 0 {
		err = s.interpreted()
	} else {
		err = s.compile(ctx, systems)
	}
	return s, err
}

// Close gives back what Prepare made.
func (s *Source) Close() { _ = os.RemoveAll(s.scratch) }

// Program is the program for this system, which can be run to be asked what it is;
// empty: it is packed for other systems alone.
func (s *Source) Program() string {
	name, err := s.Manifest.program()
	if err != nil {
		return ""
	}
	if len(s.Manifest.Run) > 1 {
		return filepath.Join(s.scratch, "ask") // the archive's own looks for its files where it lies itself
	}
	return s.sources[name]
}

func (s *Source) add(name, file string, exec bool) error {
	if err := checkPath(name); err != nil {
		return err
	}
	f, err := fileOf(file, exec)
	if err != nil {
		return err
	}
	s.Manifest.Files[name], s.sources[name] = f, file
	return nil
}

func (s *Source) compile(ctx context.Context, systems []string) error {
	for _, system := range systems {
		goos, goarch, ok := strings.Cut(system, "/")
		if !ok {
			return fmt.Errorf("%q is no system: write it as linux/amd64", system)
		}
		name := path.Join("bin", goos+"_"+goarch, s.Manifest.Name)
		if goos == "windows" {
			name += ".exe"
		}
		file := filepath.Join(s.scratch, filepath.FromSlash(name))
		cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags=-s -w", "-o", file, ".")
		cmd.Dir = s.dir
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch)
		out, err := cmd.CombinedOutput()
		if errors.Is(err, exec.ErrNotFound) {
			return errors.New("there is no Go here: install it from https://go.dev/dl")
		}
		if err != nil {
			return fmt.Errorf("go build for %s: %w: %s", system, err, strings.TrimSpace(string(out)))
		}
		if err := s.add(name, file, true); err != nil {
			return err
		}
		s.Manifest.Programs[system] = name
	}
	return nil
}

// launcherName is the file that starts an interpreted plugin: what the manifest names,
// where that is one file, or else a script that runs the command.
func launcherName(m *Manifest) string {
	if len(m.Run) == 1 {
		return path.Clean(filepath.ToSlash(m.Run[0]))
	}
	return ".run-" + m.Name
}

// ownFiles are how names of its author's own files end: settings, which hold secrets, and
// what was packed and signed before.
var ownFiles = []string{".hcl", ".tar.gz", ".minisig"}

func (s *Source) interpreted() error {
	err := filepath.WalkDir(s.dir, func(file string, e fs.DirEntry, err error) error {
		if err != nil || file == s.dir {
			return err
		}
		rel, err := filepath.Rel(s.dir, file)
		if err != nil {
			return err
		}
		switch name := e.Name(); {
		case e.IsDir() && (strings.HasPrefix(name, ".") || name == "__pycache__"):
			return filepath.SkipDir
		case e.IsDir() || strings.HasPrefix(name, ".") || rel == ManifestName || slices.ContainsFunc(ownFiles, func(end string) bool { return strings.HasSuffix(name, end) }):
			return nil
		}
		info, err := os.Stat(file) // a link's file is packed in its place
		if err == nil && info.IsDir() {
			return fmt.Errorf("%s is a link to a folder, which would be missing where the plugin is installed: put the folder itself there (`npm ci` does, for packages of Node)", rel)
		}
		if err != nil || !info.Mode().IsRegular() {
			return err
		}
		return s.add(filepath.ToSlash(rel), file, info.Mode()&0o111 != 0)
	})
	if err != nil {
		return err
	}
	launcher := launcherName(s.Manifest)
	if len(s.Manifest.Run) > 1 {
		own, ask := filepath.Join(s.scratch, "run"), filepath.Join(s.scratch, "ask")
		err := errors.Join(os.WriteFile(own, []byte(s.script(`$(dirname "$(readlink -f "$0")")`)), 0o755), os.WriteFile(ask, []byte(s.script(quote(s.dir))), 0o755))
		if err != nil {
			return err
		}
		if err := s.add(launcher, own, true); err != nil {
			return err
		}
	}
	f, ok := s.Manifest.Files[launcher]
	if !ok || !f.Exec {
		return fmt.Errorf("run: %s must be a file in %s that can be executed: chmod +x it, and let it begin with #!, such as #!/usr/bin/env python3", launcher, s.dir)
	}
	s.Manifest.Programs[AnySystem] = launcher
	return nil
}

// script is one that runs the command, with files of the folder by their whole path.
func (s *Source) script(here string) string {
	words := make([]string, len(s.Manifest.Run))
	for i, word := range s.Manifest.Run {
		words[i] = quote(word)
		if _, err := os.Stat(filepath.Join(s.dir, word)); err == nil && (i > 0 || strings.Contains(word, "/")) {
			words[i] = `"$here"/` + words[i]
		}
	}
	return "#!/bin/sh\nhere=" + here + "\nexec " + strings.Join(words, " ") + " \"$@\"\n"
}

// quote makes one word of a shell's.
func quote(word string) string { return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'" }

// Write makes the archive <name>_<version>.tar.gz in the folder.
func (s *Source) Write(asks *Asks, folder string) (*Archive, error) {
	if asks == nil {
		return nil, errors.New("what the plugin asks for is not known")
	}
	s.Manifest.Asks = asks
	to := filepath.Join(folder, s.Manifest.Name+"_"+s.Manifest.Version+".tar.gz")
	if err := write(to, s.Manifest, s.sources); err != nil {
		return nil, err
	}
	return Open(to)
}
