// Package packages makes archives of plugins, and keeps those that were installed: what
// each is pinned to, and the version before. It runs nothing of them.
package packages

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"unicode"
)

// ManifestName is the manifest's file, in a plugin's source and in its archive.
const ManifestName = "plugin.json"

// Protocol is the version of the plugin protocol that this program speaks.
const Protocol = 1

// Manifest says what a plugin is. Its author writes it but for what Pack adds.
type Manifest struct {
	Name     string `json:"name"`
	Version  string `json:"version"`
	Kind     string `json:"kind"` // bridge, hook
	Summary  string `json:"summary,omitempty"`
	License  string `json:"license,omitempty"`
	Homepage string `json:"homepage,omitempty"`
	Protocol int    `json:"protocol"`
	// Run is the command of an interpreted plugin, such as ["python3", "main.py"]; none:
	// it is a program for each system.
	Run []string `json:"run,omitempty"`

	// Of an archive.

	Programs map[string]string `json:"programs,omitempty"` // path in the archive by system, such as linux/amd64; "any": on every one
	Files    map[string]File   `json:"files,omitempty"`    // by path in the archive
	Asks     *Asks             `json:"asks,omitempty"`
}

// File is one file of an archive.
type File struct {
	SHA256 string `json:"sha256"` // in hex
	Size   int64  `json:"size"`
	Exec   bool   `json:"exec,omitempty"`
}

// Asks is what a plugin says that it wants, for whoever is to let it in.
type Asks struct {
	Fields      []Field  `json:"fields,omitempty"`
	PublicPaths []string `json:"publicPaths,omitempty"` // open to all, below /plugins/<bridge>
	AsVisitor   bool     `json:"asVisitor,omitempty"`   // it posts what it receives as the visitor
	Events      []string `json:"events,omitempty"`      // that it is told of; none: all
	Limits      []string `json:"limits,omitempty"`
}

// Field is an attribute of the plugin's block.
type Field struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required,omitempty"`
	Secret   bool   `json:"secret,omitempty"`
	Help     string `json:"help,omitempty"`
}

// AnySystem is the system of a program that runs on every one.
const AnySystem = "any"

// System is this one, as manifests call it.
func System() string { return runtime.GOOS + "/" + runtime.GOARCH }

var (
	namePattern    = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,62}$`)
	versionPattern = regexp.MustCompile(`^[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}$`)
	systemPattern  = regexp.MustCompile(`^(any|[a-z0-9]+/[a-z0-9]+)$`)
	hashPattern    = regexp.MustCompile(`^[0-9a-f]{64}$`)
)

// ReadManifest reads the manifest of a plugin's source.
func ReadManifest(folder string) (*Manifest, error) {
	name := filepath.Join(folder, ManifestName)
	raw, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w: `pocketping plugin new` makes a folder that has one", name, errors.Unwrap(err))
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

func parseManifest(raw []byte) (*Manifest, error) {
	m := &Manifest{}
	if err := json.Unmarshal(raw, m); err != nil {
		return nil, fmt.Errorf("it is no manifest: %w", err)
	}
	switch {
	case !namePattern.MatchString(m.Name):
		return nil, fmt.Errorf("name %q: use lower-case letters, digits, - and _, 63 at most", m.Name)
	case !versionPattern.MatchString(m.Version):
		return nil, fmt.Errorf("version %q: use letters, digits, and . + - _, such as 1.4.0", m.Version)
	case m.Kind != "bridge" && m.Kind != "hook":
		return nil, fmt.Errorf(`kind %q: it is "bridge" or "hook"`, m.Kind)
	case m.Protocol != Protocol:
		return nil, fmt.Errorf("protocol %d: this PocketPing speaks %d, get a version of one that fits the other", m.Protocol, Protocol)
	}
	return m, nil
}

// program is the path in the archive of the program for this system.
func (m *Manifest) program() (string, error) {
	for _, system := range []string{System(), AnySystem} {
		if p, ok := m.Programs[system]; ok {
			return p, nil
		}
	}
	var have []string
	for system := range m.Programs {
		have = append(have, system)
	}
	slices.Sort(have)
	return "", fmt.Errorf("the archive has no program for %s, but for %s: ask its author for one", System(), strings.Join(have, ", "))
}

// here reports whether the file is of use on this system: programs for others are not.
func (m *Manifest) here(name string) bool {
	for system, p := range m.Programs {
		if p == name && system != System() && system != AnySystem {
			return m.Programs[System()] == name
		}
	}
	return true
}

// checkPath says what is wrong with a path in an archive.
func checkPath(name string) error {
	switch {
	case name == "" || len(name) > 400 || strings.ContainsAny(name, `\:`) || strings.ContainsFunc(name, unicode.IsControl):
		return fmt.Errorf("the path %q is none that every system has", name)
	case path.IsAbs(name) || !filepath.IsLocal(filepath.FromSlash(name)):
		return fmt.Errorf("the path %q leads out of the archive", name)
	case path.Clean(name) != name:
		return fmt.Errorf("the path %q is not written plainly", name)
	}
	return nil
}

// checkFiles says what is wrong with what an archive's manifest lists.
func (m *Manifest) checkFiles() error {
	if len(m.Files) == 0 || len(m.Programs) == 0 || m.Asks == nil {
		return errors.New("it lists no files: make the archive with `pocketping plugin pack`")
	}
	if len(m.Files) > maxFiles {
		return fmt.Errorf("it lists %d files, more than %d", len(m.Files), maxFiles)
	}
	total := int64(0)
	for name, f := range m.Files {
		if err := checkPath(name); err != nil {
			return err
		}
		if !hashPattern.MatchString(f.SHA256) || f.Size < 0 {
			return fmt.Errorf("%s has no SHA-256 or no size in the manifest", name)
		}
		if f.Size > maxFile {
			return fmt.Errorf("%s is larger than %d MB", name, maxFile/1_000_000)
		}
		total += f.Size
	}
	if total > maxTotal {
		return fmt.Errorf("its files are larger than %d MB together", maxTotal/1_000_000)
	}
	for system, p := range m.Programs {
		if !systemPattern.MatchString(system) {
			return fmt.Errorf("%q is no system: one is written as linux/amd64", system)
		}
		if f, ok := m.Files[p]; !ok || !f.Exec {
			return fmt.Errorf("the program for %s, %q, is not among its files", system, p)
		}
	}
	return nil
}
