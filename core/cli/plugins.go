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

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
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
	cmd.AddCommand(newPluginKey())
	return cmd
}

// program is a plugin's program, and the blocks that use it.
type program struct {
	Path    string   `json:"path"`
	Args    []string `json:"args,omitempty"`
	UsedBy  []string `json:"usedBy"` // ids of bridges and hooks
	Name    string   `json:"name,omitempty"`
	Version string   `json:"version,omitempty"`
	Kind    string   `json:"kind,omitempty"`
	Limits  []string `json:"limits,omitempty"`
	Fields  []field  `json:"fields,omitempty"`
	Error   string   `json:"error,omitempty"` // why it could not be asked

	pinned []string // checksums, of which each must be the program's
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
	for _, p := range programs {
		p.ask(ctx, h)
	}
	if asJSON {
		return printJSON(w, append([]*program{}, programs...))
	}
	if len(programs) == 0 {
		return fmt.Errorf("no plugin in %s: build them with `make build`, or set plugins.dir in %s", cfg.Plugins.Dir, cfg.Path)
	}
	var rows []table.Row
	for _, p := range programs {
		rows = append(rows, p.row())
	}
	printTable(w, table.Row{"Plugin", "Kind", "Fields", "Used by"}, rows)
	return nil
}

// programs are those in the plugins' folder and those that blocks name.
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
		if path, err := filepath.Abs(filepath.Join(cfg.Plugins.Dir, e.Name())); err == nil && e.Type().IsRegular() {
			add(path, nil)
		}
	}
	for _, b := range cfg.Bridges {
		if b.Remote() {
			continue // its program is elsewhere
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

// ask launches the program and asks what it is, unless a checksum forbids that.
func (p *program) ask(ctx context.Context, h *host.Host) {
	sum, err := checksum(p.Path)
	if err == nil && slices.ContainsFunc(p.pinned, func(pinned string) bool { return pinned != sum }) {
		err = fmt.Errorf("its checksum %s is not the one that sha256 pins: it is not run", sum)
	}
	var d *host.Description
	if err == nil {
		d, err = h.Describe(ctx, p.Path, p.Args...)
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
	used := strings.Join(p.UsedBy, "\n")
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
	return table.Row{strings.TrimSpace(p.Name + " " + p.Version), p.Kind, strings.Join(fields, "\n"), used}
}
