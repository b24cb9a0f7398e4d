// Package scaffold writes the folder of a new plugin: one that runs, with a test.
package scaffold

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"

	"github.com/pocketping/pocketping/sdk/node"
	"github.com/pocketping/pocketping/sdk/python"
)

//go:embed templates
var templates embed.FS

// Module is the Go module that holds the SDK.
const Module = "github.com/pocketping/pocketping"

// Kinds and Languages are what a plugin may be; the first is what it is when nobody
// says.
var (
	Kinds     = []string{"bridge", "hook"}
	Languages = []string{"go", "python", "node"}
)

// Options say what to write.
type Options struct {
	Dir  string // it must not exist, or be empty
	Name string // of the plugin
	Kind string
	Lang string

	Go       string // version of Go
	Version  string // of the SDK's module; empty: the newest
	Checkout string // folder that holds the module; empty: it is downloaded
}

// files are the one with the plugin, and the one with its test.
var files = map[string][2]string{
	"go": {"main.go", "main_test.go"}, "python": {"main.py", "test_main.py"}, "node": {"plugin.js", "plugin.test.js"},
}

var nameRule = regexp.MustCompile(`^[a-z][a-z0-9_-]{0,39}$`)

// CheckName says what is wrong with a plugin's name.
func CheckName(name string) error {
	if nameRule.MatchString(name) {
		return nil
	}
	return fmt.Errorf("%q is no name for a plugin: it begins with a small letter, and small letters, digits, - and _ follow, 40 at most", name)
}

// Write makes the folder.
func Write(o Options) error {
	if err := o.check(); err != nil {
		return err
	}
	if left, err := os.ReadDir(o.Dir); err == nil && len(left) > 0 {
		return fmt.Errorf("the folder %s is not empty: choose another name, or remove it", o.Dir)
	}
	for _, folder := range []string{"all", o.Lang, o.Lang + "-" + o.Kind} {
		if err := o.render("templates/" + folder); err != nil {
			return err
		}
	}
	switch o.Lang {
	case "python":
		return copyTo(filepath.Join(o.Dir, "pocketping"), python.Files, "pocketping")
	case "node":
		if err := o.lock(); err != nil {
			return err
		}
		return copyTo(filepath.Join(o.Dir, "pocketping"), node.Files, ".")
	}
	return nil
}

func (o Options) check() error {
	if !slices.Contains(Kinds, o.Kind) {
		return fmt.Errorf("there is no kind %q: there are %s", o.Kind, strings.Join(Kinds, ", "))
	}
	if !slices.Contains(Languages, o.Lang) {
		return fmt.Errorf("there is no scaffold for %q: there are %s", o.Lang, strings.Join(Languages, ", "))
	}
	return CheckName(o.Name)
}

// render writes a folder's templates.
func (o Options) render(folder string) error {
	dependencies, err := nodeDependencies()
	if err != nil {
		return err
	}
	source := files[o.Lang]
	data := struct {
		Options
		Module, Source, Test, Dependencies string
	}{o, Module, source[0], source[1], dependencies}
	return fs.WalkDir(templates, folder, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		text, err := templates.ReadFile(name)
		if err != nil {
			return err
		}
		t, err := template.New(name).Delims("[[", "]]").Parse(string(text))
		if err != nil {
			return err
		}
		var b bytes.Buffer
		if err := t.Execute(&b, data); err != nil {
			return err
		}
		return put(filepath.Join(o.Dir, target(path.Base(name))), b.Bytes())
	})
}

// target is a template's file: what git or Go would take for their own in this
// repository has another name in it.
func target(name string) string {
	name = strings.TrimSuffix(name, ".tmpl")
	if name == "gitignore" {
		return ".gitignore"
	}
	return name
}

// nodeDependencies are the runtime's, which the plugin installs for it.
func nodeDependencies() (string, error) {
	text, err := node.Files.ReadFile("package.json")
	if err != nil {
		return "", err
	}
	var pkg struct{ Dependencies json.RawMessage }
	err = json.Unmarshal(text, &pkg)
	return string(pkg.Dependencies), err
}

// lock pins the packages to the versions that the runtime was tested with.
func (o Options) lock() error {
	text, err := node.Files.ReadFile(nodeLock)
	if err != nil {
		return err
	}
	return put(filepath.Join(o.Dir, nodeLock), bytes.ReplaceAll(text, []byte(`"@pocketping/plugin"`), []byte(strconv.Quote(o.Name))))
}

const nodeLock = "package-lock.json"

func copyTo(dir string, from fs.FS, root string) error {
	return fs.WalkDir(from, root, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || d.Name() == nodeLock {
			return err
		}
		b, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		return put(filepath.Join(dir, rel), b)
	})
}

// put writes a file; one that begins with #! can be run.
func put(name string, b []byte) error {
	mode := fs.FileMode(0o644)
	if bytes.HasPrefix(b, []byte("#!")) {
		mode = 0o755
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return cause(err)
	}
	return cause(os.WriteFile(name, b, mode))
}

func cause(err error) error {
	var p *fs.PathError
	if errors.As(err, &p) {
		return fmt.Errorf("%s cannot be written: %w", p.Path, p.Err)
	}
	return err
}
