package cli

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/packages"
)

// installer brings an archive into the plugins' folder.
type installer struct {
	g      *globals
	yes    bool
	key    string // minisign's public key, or the file that has it
	update bool   // of a plugin that is there
	name   string // of that plugin
}

func (i *installer) flags(cmd *cobra.Command) *cobra.Command {
	cmd.Flags().BoolVarP(&i.yes, "yes", "y", false, "do not ask")
	cmd.Flags().StringVar(&i.key, "key", "", "minisign's public `key`, or the file that has it: the archive must be signed with it, and so must every later version")
	return cmd
}

func newPluginInstall(g *globals) *cobra.Command {
	i := &installer{g: g}
	return i.flags(&cobra.Command{
		Use:   "install ARCHIVE",
		Short: "Install a plugin from an archive",
		Long: `It shows what the plugin is and what it asks for, before anything of it is run, and asks.
Then the plugin comes into the plugins' folder, and what it is made of is pinned in
plugins.lock beside it: the server runs nothing else in its place.`,
		Example: `  pocketping plugin install ./matrix_1.0.0.tar.gz
  pocketping plugin install https://example.com/matrix_1.0.0.tar.gz --key RWQf6LRC…`,
		Args: oneArg("which archive? `pocketping plugin install ./matrix_1.0.0.tar.gz`, or an https address"),
		RunE: func(cmd *cobra.Command, args []string) error { return i.run(cmd, args[0]) },
	})
}

func newPluginUpdate(g *globals) *cobra.Command {
	i := &installer{g: g, update: true}
	return i.flags(&cobra.Command{
		Use:   "update NAME [ARCHIVE]",
		Short: "Install another version of a plugin, keeping the one before",
		Long: `Without an archive, the address is asked again from which the plugin was installed. A server
that runs tries the new version beside the one that delivers, and lets it take over without
losing anything when it starts and its check finds nothing new to complain about; otherwise
the one before goes on. pocketping plugin list says which runs.`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("which plugin? `pocketping plugin update matrix ./matrix_1.1.0.tar.gz`")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			i.name = args[0]
			if len(args) == 2 {
				return i.run(cmd, args[1])
			}
			return i.run(cmd, "")
		},
	})
}

func newPluginRollback(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "rollback NAME",
		Short: "Go back to the version of a plugin that was installed before",
		Args:  oneArg("which plugin? `pocketping plugin list` shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			e, err := packages.Rollback(cfg.Plugins.Dir, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s is in its place again; %s is kept. A server that runs swaps it within seconds.\n", args[0], e.Current.Version, e.Previous.Version)
			return nil
		},
	}
}

func newPluginRemove(g *globals) *cobra.Command {
	var force bool
	cmd := &cobra.Command{
		Use:   "remove NAME",
		Short: "Remove a plugin that was installed",
		Args:  oneArg("which plugin? `pocketping plugin list` shows them"),
		RunE: func(cmd *cobra.Command, args []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			i := slices.IndexFunc(cfg.Bridges, func(b *config.Bridge) bool { return b.Plugin == args[0] && len(b.Command) == 0 })
			if i >= 0 && !force {
				return cfg.Bridges[i].Wrong("", "it uses the plugin: take the block out first, or remove it with --force")
			}
			e, err := packages.Remove(cfg.Plugins.Dir, args[0])
			if err != nil {
				return err
			}
			fmt.Fprintf(cmd.OutOrStdout(), "%s %s is removed.\n", args[0], e.Current.Version)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "remove it although a block uses it")
	return cmd
}

// oneArg refuses anything but one argument, with what to write in its place.
func oneArg(otherwise string) cobra.PositionalArgs {
	return func(_ *cobra.Command, args []string) error {
		if len(args) != 1 {
			return errors.New(otherwise)
		}
		return nil
	}
}

func (i *installer) run(cmd *cobra.Command, from string) error {
	cfg, err := i.g.load()
	if err != nil {
		return err
	}
	lock, err := packages.ReadLock(cfg.Plugins.Dir)
	if err != nil {
		return err
	}
	if from, err = i.source(lock, from); err != nil {
		return err
	}
	scratch, err := os.MkdirTemp("", "pocketping-install-")
	if err != nil {
		return cause(err)
	}
	defer func() { _ = os.RemoveAll(scratch) }()
	path, signature, err := packages.Fetch(cmd.Context(), nil, from, scratch)
	if err != nil {
		return err
	}
	archive, err := packages.Open(path)
	if err != nil {
		return err
	}
	have := lock.Plugins[archive.Manifest.Name]
	if err := i.fits(archive, have); err != nil {
		return err
	}
	signed, err := i.signed(have, archive, signature)
	if err != nil {
		return fmt.Errorf("%s is refused: %w", from, err)
	}
	out := cmd.OutOrStdout()
	i.show(out, archive, have, from, signed, signature != "")
	if !i.yes && !confirmed(cmd.InOrStdin(), out) {
		return errors.New("nothing was installed: answer y, or give --yes")
	}
	staged, err := packages.Stage(cfg.Plugins.Dir, archive)
	if err != nil {
		return err
	}
	defer staged.Discard()
	if err := honest(cmd.Context(), staged.Program, archive.Manifest, defaults(cfg)); err != nil {
		return fmt.Errorf("%s is refused: %w", from, err)
	}
	if err := staged.Install(from, signed); err != nil {
		return err
	}
	i.done(out, cfg, archive.Manifest, have)
	return nil
}

// defaults are what the plugins' block keeps a plugin to.
func defaults(cfg *config.Config) host.Limits {
	return host.Limits{User: cfg.Plugins.User, Memory: cfg.Plugins.Memory}
}

// source is where the archive comes from.
func (i *installer) source(lock *packages.Lock, from string) (string, error) {
	if !i.update {
		return from, nil
	}
	e := lock.Plugins[i.name]
	switch {
	case e == nil:
		return "", fmt.Errorf("no plugin %q was installed: `pocketping plugin install` does that", i.name)
	case from != "":
		return from, nil
	case !packages.IsAddress(e.Current.Source):
		return "", fmt.Errorf("%s was installed from the file %s: name the new archive", i.name, e.Current.Source)
	}
	return e.Current.Source, nil
}

// fits says what keeps the archive from being what was asked for.
func (i *installer) fits(a *packages.Archive, have *packages.Entry) error {
	m := a.Manifest
	switch {
	case i.update && m.Name != i.name:
		return fmt.Errorf("the archive is of the plugin %q, not of %q", m.Name, i.name)
	case !i.update && have != nil:
		return fmt.Errorf("%s %s is installed: `pocketping plugin update %[1]s ARCHIVE` installs another version", m.Name, have.Current.Version)
	case have != nil && have.Current.Archive == a.SHA256:
		return fmt.Errorf("%s %s is installed already: it is the same archive", m.Name, m.Version)
	}
	return nil
}

// signed checks the signature where there is a key, and returns the key.
func (i *installer) signed(have *packages.Entry, archive *packages.Archive, signature string) (string, error) {
	key := i.key
	if have != nil && have.Key != "" {
		if key != "" {
			given, err := archive.CheckSignature(signature, key)
			if err != nil {
				return "", err
			}
			if given != have.Key {
				return "", fmt.Errorf("the versions before were signed with the key %s: remove the plugin first if its author has another now", have.Key)
			}
			return given, nil
		}
		key = have.Key
	}
	if key == "" {
		return "", nil
	}
	return archive.CheckSignature(signature, key)
}

// show tells what the plugin is and asks for.
func (i *installer) show(w io.Writer, a *packages.Archive, have *packages.Entry, from, key string, signature bool) {
	m := a.Manifest
	line := func(what, text string) { fmt.Fprintf(w, "  %-14s %s\n", what, text) }
	fmt.Fprintf(w, "\n  %s, a %s\n\n", color.New(color.Bold).Sprint(plain(m.Name+" "+m.Version)), m.Kind)
	if have != nil {
		line("Instead of", plain(have.Current.Version))
	}
	for _, l := range [][2]string{{"Summary", m.Summary}, {"License", m.License}, {"Homepage", m.Homepage}} {
		if l[1] != "" {
			line(l[0], plain(l[1]))
		}
	}
	line("From", plain(from))
	line("Size", fmt.Sprintf("%.1f MB", float64(a.Size)/1e6))
	line("SHA-256", a.SHA256)
	switch {
	case key != "":
		line("Signature", "good, of the key "+key)
	case signature:
		line("Signature", "there is one, and no --key to check it with")
	default:
		line("Signature", "none")
	}
	fmt.Fprintln(w)
	var before *packages.Asks
	if have != nil {
		before = have.Current.Asks
	}
	showAsks(line, m.Asks, before)
	fmt.Fprint(w, "\n  It runs as a program of its own, with the rights that config.hcl gives it (user, memory).\n\n")
}

// plain keeps a stranger's text to one line without control characters.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return -1
		}
		return r
	}, s)
}

func confirmed(in io.Reader, out io.Writer) bool {
	fmt.Fprint(out, "Install it? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n')
	answer = strings.ToLower(strings.TrimSpace(answer))
	return answer == "y" || answer == "yes"
}

// honest runs the plugin and says in what it is not what its manifest says.
func honest(ctx context.Context, program string, m *packages.Manifest, limits host.Limits) error {
	d, err := host.New(host.Options{Log: quiet()}).DescribeSpec(ctx, host.Spec{Path: program, Limits: limits})
	if err != nil {
		return err
	}
	asks := asksOf(d)
	for _, c := range []struct {
		what       string
		says, does any
	}{
		{"name", m.Name, d.Name},
		{"kind", m.Kind, d.Kind},
		{"fields", m.Asks.Fields, asks.Fields},
		{"public paths", m.Asks.PublicPaths, asks.PublicPaths},
		{"as_visitor", m.Asks.AsVisitor, asks.AsVisitor},
		{"events", m.Asks.Events, asks.Events},
	} {
		if says, does := fmt.Sprint(c.says), fmt.Sprint(c.does); says != does {
			return fmt.Errorf("its manifest says %s of its %s, and the program says %s", says, c.what, does)
		}
	}
	return nil
}

// asksOf is what the plugin's description asks for.
func asksOf(d *host.Description) *packages.Asks {
	asks := &packages.Asks{PublicPaths: d.PublicPaths, AsVisitor: d.AsVisitor, Events: d.Events, Limits: d.Limits}
	for _, f := range d.Fields {
		asks.Fields = append(asks.Fields, packages.Field{Name: f.Name, Type: f.Type, Required: f.Required, Secret: f.Secret, Help: f.Help})
	}
	return asks
}

// done says what to do next.
func (i *installer) done(w io.Writer, cfg *config.Config, m *packages.Manifest, have *packages.Entry) {
	fmt.Fprintf(w, "%s %s is in %s.\n", m.Name, m.Version, cfg.Plugins.Dir)
	if have != nil {
		fmt.Fprintf(w, "A server that runs tries it within seconds, and goes on with %s where it does not work: see `pocketping plugin list`.\nBack: pocketping plugin rollback %s\n", have.Current.Version, m.Name)
		return
	}
	fmt.Fprintf(w, "Use it in %s, and have it read again:\n\n  %s %q {\n", cfg.Path, m.Kind, m.Name)
	for _, f := range m.Asks.Fields {
		if !f.Required {
			continue
		}
		value := `"…"`
		switch {
		case f.Secret:
			value = fmt.Sprintf("env(%q)", strings.ToUpper(strings.ReplaceAll(plain(m.Name+"_"+f.Name), "-", "_")))
		case f.Type == "int" || f.Type == "bool":
			value = "…"
		case f.Type == "strings":
			value = `["…"]`
		}
		fmt.Fprintf(w, "    %s = %s\n", plain(f.Name), value)
	}
	if m.Asks.AsVisitor {
		fmt.Fprintln(w, "    as_visitor = true")
	}
	fmt.Fprintln(w, "  }")
}
