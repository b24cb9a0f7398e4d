// Package workshop builds a plugin from the folder of its source, in whichever language,
// and tells when the folder is saved.
package workshop

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Folder is a plugin's source.
type Folder struct {
	Dir  string // absolute
	Name string // of the plugin
	Kind string // bridge or hook
	// Lang is go, python, node, or empty: then what the manifest runs is run as it is.
	Lang string

	run []string
}

// Manifest is the file that says what the folder is.
const Manifest = "plugin.json"

// Open reads the folder's manifest.
func Open(dir string) (*Folder, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(filepath.Join(dir, Manifest))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s holds no %s: name a plugin's folder, or make one with `pocketping plugin new NAME`", dir, Manifest)
	}
	if err != nil {
		return nil, err
	}
	var manifest struct {
		Name, Kind string
		Run        []string
	}
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("%s is no JSON: %w", filepath.Join(dir, Manifest), err)
	}
	f := &Folder{Dir: dir, Name: manifest.Name, Kind: manifest.Kind, run: manifest.Run}
	if f.Name == "" || f.Kind != "bridge" && f.Kind != "hook" {
		return nil, fmt.Errorf("%s needs a name, and a kind that is bridge or hook", filepath.Join(dir, Manifest))
	}
	f.Lang = f.language()
	if f.Lang == "" && len(f.run) == 0 {
		return nil, fmt.Errorf("%s holds no Go module: say in %s what to run, such as \"run\": [\"python3\", \"main.py\"]", dir, Manifest)
	}
	return f, nil
}

// language is known by the files; where there are several, by what is run.
func (f *Folder) language() string {
	switch {
	case len(f.run) == 0 && f.has("go.mod"):
		return "go"
	case len(f.run) > 0 && isPython(f.run[0]):
		return "python"
	case len(f.run) > 0 && filepath.Base(f.run[0]) == "node":
		return "node"
	}
	return ""
}

func isPython(program string) bool {
	name := filepath.Base(program)
	return name == "python3" || name == "python"
}

func (f *Folder) has(name string) bool {
	_, err := os.Stat(filepath.Join(f.Dir, name))
	return err == nil
}
