package config

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"

	"github.com/pocketping/pocketping/core"
)

// Kinds of blocks that a plugin serves.
const (
	KindBridge = "bridge"
	KindHook   = "hook"
)

// Bridge is one bridge or hook block. What the core knows of it stands here; the
// rest is for the plugin, and waits for Decode.
type Bridge struct {
	ID       string // <project>.<name>, or <name> of a shared one
	Kind     string
	Plugin   string
	Project  string   // slug; empty: it is shared
	Projects []string // slugs that a shared one serves; nil: all

	Command []string          // empty: the binary of the plugin's name in the plugins' folder
	SHA256  string            // of the binary, in lower-case hex; empty: not pinned
	Env     map[string]string // the plugin's environment beside what the core gives it
	MTLS    bool
	User    string `json:",omitempty"` // whose rights the plugin has; empty: the server's
	Memory  int64  `json:",omitempty"` // bytes that it may have; 0: as much as there is
	Pace    Pace

	RemoteKey string `json:",omitempty"` // that the plugin shows when it connects; empty: it is launched here

	Operators []string // the platform's ids of who may answer; nil: everybody who writes there
	AsVisitor bool     `json:",omitempty"` // it may post what it receives as the visitor
	Standby   bool     `json:",omitempty"` // it has the sessions only that are escalated to it
	Events    []string `json:",omitempty"` // types that a hook is told of; nil: all that its plugin takes
	Debugged  bool     `json:"-"`          // `plugin dev` runs it under a debugger; the file cannot say so

	name   string
	at     hcl.Range
	places map[string]hcl.Range // of all attributes
	fields map[string]field
	above  []*Bridge // the blocks before it in the file
}

// Pace says which quotas of its platform the core keeps for a bridge: those that
// the plugin declares, or else none, or Rate in place of them all.
type Pace struct {
	None bool
	Rate Rate
}

// String is the pace as the file has it.
func (p Pace) String() string {
	switch {
	case p.None:
		return "none"
	case p.Rate.None():
		return "platform"
	}
	return fmt.Sprintf("%d/%s", p.Rate.N, p.Rate.Per)
}

// field is an attribute that is the plugin's.
type field struct {
	value cty.Value
	at    hcl.Range
}

// commonFields are the core's own in every bridge and hook block.
var commonFields = []string{"command", "sha256", "env", "mtls", "user", "memory", "pace", "projects", "operators", "events", "as_visitor", "standby", "remote_key"}

var sha256Pattern = regexp.MustCompile(`^[0-9a-f]{64}$`)

// Serves reports whether the project's events are owed to the bridge.
func (b *Bridge) Serves(slug string) bool {
	if b.Project != "" {
		return b.Project == slug
	}
	return b.Projects == nil || slices.Contains(b.Projects, slug)
}

// title is how diagnostics call the bridge.
func (b *Bridge) title() string {
	if b.name != b.Plugin {
		return fmt.Sprintf("%s %q %q", b.Kind, b.Plugin, b.name)
	}
	return fmt.Sprintf("%s %q", b.Kind, b.Plugin)
}

// readBridges reads the bridge and hook blocks of a project, or of the file.
func (c *Config) readBridges(parent *block, slug string) {
	for _, kind := range []string{KindBridge, KindHook} {
		parent.each(kind, func(found *hclsyntax.Block) {
			if b := newBridge(parent, found, slug); b != nil {
				c.addBridge(parent.reader, b, found.Body)
			}
		})
	}
}

func newBridge(parent *block, found *hclsyntax.Block, slug string) *Bridge {
	at, labels := found.DefRange(), found.Labels
	if len(labels) < 1 || len(labels) > 2 {
		parent.wrong(at, `%s needs the name of its plugin: %s "telegram" { … }, and a name of its own where there are two: %s "telegram" "second" { … }`, found.Type, found.Type, found.Type)
		return nil
	}
	for _, l := range labels {
		if err := core.CheckSlug(l); err != nil {
			parent.wrong(at, "%s %q %v", found.Type, l, err)
			return nil
		}
	}
	b := &Bridge{Kind: found.Type, Plugin: labels[0], Project: slug, at: at, name: labels[len(labels)-1]}
	b.ID = b.name
	if slug != "" {
		b.ID = slug + "." + b.name
	}
	return b
}

func (c *Config) addBridge(r *reader, b *Bridge, body *hclsyntax.Body) {
	blk := r.block(b.title(), body, b.at)
	if i := slices.IndexFunc(c.Bridges, func(o *Bridge) bool { return o.ID == b.ID }); i >= 0 {
		blk.wrong(b.at, "line %d has one of this name: give it another: %s %q \"second\" { … }", c.Bridges[i].at.Start.Line, b.Kind, b.Plugin)
	}
	b.Command = command(r.dir, blk.strs("command"))
	b.SHA256 = blk.str("sha256", "", checkSHA256)
	b.Env = blk.env()
	if v, _, ok := blk.value("mtls", cty.Bool); ok {
		b.MTLS = v.True()
	}
	b.readRemote(c, blk, body)
	b.User = blk.str("user", c.Plugins.User, checkFilled)
	b.Memory = parsed(blk, "memory", c.Plugins.Memory, parseMemory)
	if v, _, ok := blk.value("as_visitor", cty.Bool); ok {
		b.AsVisitor = v.True()
	}
	if v, at, ok := blk.value("standby", cty.Bool); ok {
		if b.Standby = v.True() && b.Kind == KindBridge; b.Standby != v.True() {
			blk.wrong(at, "standby belongs to a bridge: no session is escalated to a hook")
		}
	}
	b.Pace = parsed(blk, "pace", Pace{}, parsePace)
	b.Operators = blk.strs("operators", checkFilled)
	if b.Kind == KindHook && b.Operators != nil {
		blk.wrong(body.Attributes["operators"].NameRange, "operators belongs to a bridge: nobody answers through a hook")
	}
	b.readEvents(blk, body)
	b.Projects = blk.strs("projects")
	if b.Project != "" && b.Projects != nil {
		blk.wrong(body.Attributes["projects"].NameRange, "projects belongs to a bridge outside a project: this one serves %q", b.Project)
	}
	b.fields = blk.rest()
	b.places = map[string]hcl.Range{}
	for name, attr := range body.Attributes {
		b.places[name] = attr.SrcRange
	}
	blk.done()
	b.above = slices.Clone(c.Bridges)
	c.Bridges = append(c.Bridges, b)
}

// rest takes all other attributes as the plugin's.
func (b *block) rest() map[string]field {
	fields := map[string]field{}
	for _, name := range slices.Sorted(maps.Keys(b.body.Attributes)) {
		if slices.Contains(commonFields, name) {
			continue
		}
		attr := b.body.Attributes[name]
		v, err := b.eval(attr)
		if err != nil {
			b.wrong(attr.SrcRange, "%s: %v", name, err)
		}
		b.fields = append(b.fields, name)
		fields[name] = field{value: v, at: attr.SrcRange}
	}
	return fields
}

func (b *block) env() map[string]string {
	v, _, ok := b.value("env", cty.Map(cty.String))
	if !ok {
		return nil
	}
	env := map[string]string{}
	for k, e := range v.AsValueMap() {
		env[k] = e.AsString()
	}
	return env
}

// command gives a program that is named by a path its place.
func command(dir string, args []string) []string {
	if len(args) > 0 && strings.ContainsRune(args[0], filepath.Separator) {
		args[0] = relative(dir, args[0])
	}
	return args
}

func checkSHA256(s string) error {
	if !sha256Pattern.MatchString(s) {
		return errors.New("must be 64 digits of lower-case hex, as sha256sum prints them")
	}
	return nil
}

// leastMemory is what a plugin in Go has when it does nothing, with room to do something.
const leastMemory = 32_000_000

func parseMemory(s string) (int64, error) {
	if s == "none" {
		return 0, nil
	}
	n, err := parseSize(s)
	if err == nil && n < leastMemory {
		err = fmt.Errorf(`must be at least "32MB", or "none"; it is %q`, s)
	}
	return n, err
}

func parsePace(s string) (Pace, error) {
	switch s {
	case "none":
		return Pace{None: true}, nil
	case "platform":
		return Pace{}, nil
	}
	rate, err := parseRate(s)
	if err != nil {
		return Pace{}, fmt.Errorf(`must be "platform", "none", or "N/time", such as "20/1m"; it is %q`, s)
	}
	return Pace{Rate: rate}, nil
}
