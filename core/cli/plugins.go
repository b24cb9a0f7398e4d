package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/packages"
)

func newPlugin(g *globals) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "plugin",
		Short: "Look at the plugins",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:   "list",
		Short: "List the plugins, what they are, and which fields their blocks take",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			return listPlugins(cmd.Context(), cmd.OutOrStdout(), g.json, cfg)
		},
	})
	cmd.AddCommand(newPluginNew(), newPluginDev(g))
	cmd.AddCommand(newPluginTest(g))
	cmd.AddCommand(newPluginPack(), newPluginInstall(g), newPluginUpdate(g), newPluginRollback(g), newPluginRemove(g))
	cmd.AddCommand(newPluginKey(), newPluginStandIn())
	return cmd
}

// program is a plugin's program, and the blocks that use it.
type program struct {
	Path    string   `json:"path,omitempty"`
	Remote  bool     `json:"remote,omitempty"` // it connects from elsewhere: nothing is launched here
	Args    []string `json:"args,omitempty"`
	UsedBy  []string `json:"usedBy"` // ids of bridges and hooks
	Name    string   `json:"name,omitempty"`
	Version string   `json:"version,omitempty"`
	Kind    string   `json:"kind,omitempty"`
	Limits  []string `json:"limits,omitempty"`
	Fields  []field  `json:"fields,omitempty"`
	Error   string   `json:"error,omitempty"` // why it could not be asked

	Installed *installedView      `json:"installed,omitempty"` // nil: it was not installed from an archive
	States    []core.BridgeStatus `json:"states,omitempty"`    // in the server that runs, of those that use it

	pinned []string // checksums, of which each must be the program's
}

// installedView is what plugins.lock says of a plugin.
type installedView struct {
	Version  string `json:"version"`
	Previous string `json:"previous,omitempty"` // that `rollback` goes back to
	Source   string `json:"source"`
	Archive  string `json:"archive"` // its SHA-256
	Signed   bool   `json:"signed"`
}

type field struct {
	Name     string `json:"name"`
	Type     string `json:"type"`
	Required bool   `json:"required"`
	Help     string `json:"help,omitempty"`
}

func listPlugins(ctx context.Context, w io.Writer, asJSON bool, cfg *config.Config) error {
	programs, err := programs(cfg)
	if err != nil {
		return err
	}
	h := host.New(host.Options{Log: quiet()})
	lock, err := packages.ReadLock(cfg.Plugins.Dir)
	if err != nil {
		return err
	}
	states := statusOf(ctx, cfg)
	for _, p := range programs {
		if !p.Remote {
			p.ask(ctx, h, cfg)
		}
		p.look(cfg.Plugins.Dir, lock, states)
	}
	if asJSON {
		return printJSON(w, append([]*program{}, programs...))
	}
	if len(programs) == 0 {
		return fmt.Errorf("no plugin in %s: `pocketping plugin install` brings one there, `make build` those of the project; or set plugins.dir in %s", cfg.Plugins.Dir, cfg.Path)
	}
	var rows []table.Row
	for _, p := range programs {
		rows = append(rows, p.row())
	}
	printTable(w, table.Row{"Plugin", "Kind", "Fields", "Used by, and how it is doing"}, rows)
	return nil
}

// programs are those in the plugins' folder, those that blocks name, and those that connect
// from elsewhere.
func programs(cfg *config.Config) ([]*program, error) {
	var all []*program
	add := func(path string, args []string) *program {
		i := slices.IndexFunc(all, func(p *program) bool { return p.Path == path && slices.Equal(p.Args, args) })
		if i < 0 {
			all = append(all, &program{Path: path, Args: args, UsedBy: []string{}})
			i = len(all) - 1
		}
		return all[i]
	}
	entries, err := os.ReadDir(cfg.Plugins.Dir)
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, fmt.Errorf("the folder %s cannot be read: %w", cfg.Plugins.Dir, cause(err))
	}
	for _, e := range entries {
		if path, err := filepath.Abs(filepath.Join(cfg.Plugins.Dir, e.Name())); err == nil && isProgram(path, e) {
			add(path, nil)
		}
	}
	for _, b := range cfg.Bridges {
		if b.Remote() {
			all = append(all, &program{Remote: true, Name: b.Plugin, Kind: b.Kind, UsedBy: []string{b.ID}})
			continue
		}
		spec, err := specOf(cfg, b, nil)
		if err != nil {
			return nil, err
		}
		p := add(spec.Path, spec.Args)
		p.UsedBy = append(p.UsedBy, b.ID)
		if b.SHA256 != "" {
			p.pinned = append(p.pinned, b.SHA256)
		}
	}
	return all, nil
}

// isProgram reports whether a file in the plugins' folder may be a plugin: a file, or the
// link to one that was installed.
func isProgram(path string, e os.DirEntry) bool {
	if strings.HasPrefix(e.Name(), ".") || e.Name() == packages.LockName {
		return false
	}
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// look adds what was installed, and how those that use the program are doing.
func (p *program) look(dir string, lock *packages.Lock, states map[string]core.BridgeStatus) {
	for _, id := range p.UsedBy {
		if s, ok := states[id]; ok {
			p.States = append(p.States, s)
		}
	}
	if p.Remote {
		return
	}
	whole, err := filepath.Abs(dir)
	if e := lock.Plugins[strings.TrimSuffix(filepath.Base(p.Path), ".exe")]; err == nil && e != nil && filepath.Dir(p.Path) == whole {
		p.Installed = &installedView{Version: e.Current.Version, Source: e.Current.Source, Archive: e.Current.Archive, Signed: e.Key != ""}
		if e.Previous != nil {
			p.Installed.Previous = e.Previous.Version
		}
	}
}

// ask launches the program and asks what it is, unless a checksum forbids that.
func (p *program) ask(ctx context.Context, h *host.Host, cfg *config.Config) {
	sum, err := checksum(p.Path)
	if err == nil && slices.ContainsFunc(p.pinned, func(pinned string) bool { return pinned != sum }) {
		err = fmt.Errorf("its checksum %s is not the one that sha256 pins: it is not run", sum)
	}
	var d *host.Description
	if err == nil {
		d, err = h.DescribeSpec(ctx, p.spec(cfg))
	}
	if err != nil {
		p.Error = oneLine(err.Error())
		return
	}
	p.Name, p.Version, p.Kind, p.Limits = d.Name, d.Version, d.Kind, d.Limits
	for _, f := range d.Fields {
		p.Fields = append(p.Fields, field{f.Name, f.Type, f.Required, f.Help})
	}
}

// spec runs the program as its bridges do: with no more rights, and only if it may.
func (p *program) spec(cfg *config.Config) host.Spec {
	spec := host.Spec{Path: p.Path, Args: p.Args, Limits: defaults(cfg)}
	if len(p.pinned) == 0 {
		name := strings.TrimSuffix(filepath.Base(p.Path), ".exe")
		if whole, err := filepath.Abs(cfg.Plugins.Dir); err == nil && filepath.Dir(p.Path) == whole {
			spec.Verify = func(path string) (string, error) { return packages.Verify(cfg.Plugins.Dir, name, path) }
		}
	}
	return spec
}

func checksum(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("it cannot be read: %w", cause(err))
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return "", fmt.Errorf("it cannot be read: %w", cause(err))
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

func (p *program) row() table.Row {
	used := strings.Join(p.usedBy(), "\n")
	if p.Remote {
		return table.Row{p.Name + "\nconnects from elsewhere", p.Kind, "", used}
	}
	if p.Error != "" {
		return table.Row{filepath.Base(p.Path), color.RedString("wrong"), p.Error, used}
	}
	var fields []string
	for _, f := range p.Fields {
		text := f.Name + " (" + f.Type
		if f.Required {
			text += ", required"
		}
		fields = append(fields, text+")")
	}
	name := strings.TrimSpace(p.Name + " " + p.Version)
	if p.Installed != nil {
		name += "\ninstalled"
		if p.Installed.Previous != "" {
			name += ", before: " + p.Installed.Previous
		}
	}
	return table.Row{name + "\n" + p.Path, p.Kind, strings.Join(fields, "\n"), used}
}

// usedBy are the bridges and hooks that use the program, with how they are doing where a
// server runs.
func (p *program) usedBy() []string {
	var lines []string
	for _, id := range p.UsedBy {
		i := slices.IndexFunc(p.States, func(s core.BridgeStatus) bool { return s.ID == id })
		if i < 0 {
			lines = append(lines, id)
			continue
		}
		s := p.States[i]
		state := s.State
		if s.State == "degraded" {
			state = color.RedString(state)
		}
		line := id + ": " + state
		if s.Version != "" && s.Version != p.Version {
			line += ", version " + s.Version
		}
		if s.LastError != "" {
			line += ": " + oneLine(s.LastError)
		}
		lines = append(lines, line)
	}
	return lines
}
