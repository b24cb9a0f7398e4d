// Package config reads config.hcl. What is wrong in it is reported as
// Diagnostics, one line each with file and line, before anything starts.
package config

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/hashicorp/hcl/v2"

	"github.com/pocketping/pocketping/core"
)

// Config is a whole config.hcl: checked, with the defaults filled in, and with
// its paths relative to the folder that the program runs in.
type Config struct {
	Path     string // of the file
	Server   Server
	Database Database
	Plugins  Plugins
	Files    Files
	Limits   Limits
	Projects []*Project
	Bridges  []*Bridge // bridges and hooks, shared ones and those of projects
}

// Server is where PocketPing listens and how people reach it.
type Server struct {
	Listen       string         // host:port; the port may be 0
	URL          string         // scheme://host[:port]; empty: what the certificate names, or localhost, with the port of Listen
	AdminToken   string         // opens /admin and /v1/admin; empty: they do not exist
	MetricsToken string         // empty: /metrics is open to the machine itself only
	Proxies      []netip.Prefix // whose word on a client's address is taken
	TLS          *TLS           // nil: somebody in front encrypts, or nobody
}

// Database is where everything is kept.
type Database struct {
	URL string // sqlite:<path> or postgres://…
}

// Plugins says where the plugins' binaries are, and to what the system keeps those whose
// blocks say nothing of it.
type Plugins struct {
	Dir    string
	User   string `json:",omitempty"`
	Memory int64  `json:",omitempty"`
}

// Files is where attachments are kept.
type Files struct {
	Dir     string
	MaxSize int64    // bytes of one attachment
	Quota   int64    // bytes that one visitor may send in a day
	Types   []string // that are taken, such as "image/*"; nil: what the core takes
}

// Limits keep one visitor or one address from crowding out the others.
type Limits struct {
	Frames      Rate   // of one visitor
	Sockets     Rate   // that one address opens
	Sessions    Rate   // that one address opens
	Visitors    Rate   // new ones of one project, from all addresses
	Open        int    // connections that one address has at the same time; 0: no limit
	ProofOfWork string `json:",omitempty"` // when new visitors have to prove work: "off", "flooded" or "always"
	Uploads     Rate   // of one address
	Tracks      Rate   // events of a site's pages, of one visitor
	Emits       Rate   // events to a site's pages, of one project
	Calls       Rate   // of one project's back end
}

// Rate is so many in so much time. Zero means that there is no limit.
type Rate struct {
	N   int
	Per time.Duration
}

// None reports whether there is no limit.
func (r Rate) None() bool { return r.N == 0 }

// Project is one website or app.
type Project struct {
	Slug         string
	Name         string
	Origins      []string
	PublicKey    string // empty, like the other keys: made once and kept
	SecretKey    string
	IdentityKey  string
	KeyOverlap   time.Duration // that a key which is set here works beside another that is set in its place
	ReopenWithin time.Duration
	Identity     string // whether visitors must be, may be or cannot be signed in
	Widget       core.Widget
	Hours        *Hours // nil: somebody answers at any time
	Operators    []*Operator
	Retention    core.Retention `json:",omitzero"`
	Reminder     *Reminder      `json:",omitempty"`
	Track        core.TrackRule `json:",omitzero"`

	words hcl.Range // of the widget's strings
}

// Operator is one person who answers, on whichever bridge.
type Operator struct {
	Slug   string   // their name in the file
	IDs    []string // theirs on the platforms
	Name   string   // what visitors and the other operators read; empty: their own
	Avatar string
}

// ProjectBridges are the ids of the bridges and hooks that serve the project; without
// a slug those that serve a project which the file does not name.
func (c *Config) ProjectBridges(slug string) []string {
	var ids []string
	for _, b := range c.Bridges {
		if b.Serves(slug) && (slug != "" || !b.Standby) { // nothing escalates to it there
			ids = append(ids, b.ID)
		}
	}
	return ids
}

// Operators are the lists of who may answer, by the id of the bridge; a bridge
// without one is not in it.
func (c *Config) Operators() map[string][]string {
	lists := map[string][]string{}
	for _, b := range c.Bridges {
		if b.Operators != nil {
			lists[b.ID] = b.Operators
		}
	}
	return lists
}

// Load reads the file and all that it refers to. Where something is wrong in it
// the error is a Diagnostics, and holds no secret.
func Load(path string) (*Config, error) {
	src, err := os.ReadFile(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, fmt.Errorf("there is no file %s: go to the folder that has a config.hcl, or name one with --config", path)
	case err != nil:
		return nil, fmt.Errorf("%s cannot be read: %w", path, errors.Unwrap(err))
	}
	return parse(path, src)
}

// relative gives a path of the file its place, seen from the folder that the
// program runs in.
func relative(dir, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(dir, path)
}
