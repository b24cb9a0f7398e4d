package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/workshop"
)

func newPluginDev(g *globals) *cobra.Command {
	d := &workbench{}
	var verbose bool
	cmd := &cobra.Command{
		Use:   "dev FOLDER",
		Short: "Run a plugin from its source with a demo page, and again after each save",
		Long: `It builds the plugin in the folder and runs it in a server of its own, which keeps nothing:
with a demo page to write from, and an inbox to answer from. After each save the plugin is
built and run again; pages stay connected, and a version that does not build or start leaves
the old one running. The attributes of its block are in dev.hcl, in the folder, or in the
file that --config names.`,
		Example: `  pocketping plugin dev ./matrix
  pocketping plugin dev ./matrix --debug   wait for a debugger to be attached, too`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("which plugin? `pocketping plugin dev ./matrix` runs the one in the folder matrix")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			log, err := d.logger(g.log, verbose)
			if err != nil {
				return err
			}
			if d.listen, err = chooseAddress(d.listen, cmd.Flags().Changed("listen")); err != nil {
				return err
			}
			if cmd.Flags().Changed("config") {
				d.fields = g.config
			}
			d.out, d.log = cmd.OutOrStdout(), log
			return d.run(cmd.Context(), args[0])
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&d.listen, "listen", "127.0.0.1:8090", "the `address` of the demo page")
	flags.StringVar(&d.debug, "debug", "", "let a debugger attach at the `address`; without one, at the usual one of the language")
	flags.Lookup("debug").NoOptDefVal = "default"
	flags.BoolVarP(&verbose, "verbose", "v", false, "log more, also of the server")
	return cmd
}

// workbench runs a plugin from its source.
type workbench struct {
	listen, fields, debug string
	out                   io.Writer
	log                   *slog.Logger

	folder *workshop.Folder
	dir    string // of this run: the program, the database, the files
	line   *devLog
	server *server
}

// run serves until ctx ends.
func (d *workbench) run(ctx context.Context, dir string) (err error) {
	if d.folder, err = workshop.Open(dir); err != nil {
		return err
	}
	if d.fields == "" {
		d.fields = filepath.Join(d.folder.Dir, "dev.hcl")
	}
	if d.debug == "default" {
		d.debug = d.folder.DebugAddr()
	}
	d.line.name.Store(&d.folder.Name)
	if d.dir, err = os.MkdirTemp("", "pocketping-dev-"); err != nil {
		return cause(err)
	}
	defer func() { _ = os.RemoveAll(d.dir) }()
	saves, err := d.folder.Watch(ctx)
	if err != nil {
		return err
	}
	if err := d.folder.Prepare(ctx, d.out); err != nil {
		return err
	}
	if err := d.open(ctx, saves); err != nil || ctx.Err() != nil {
		return err
	}
	if d.debug != "" {
		fmt.Fprintf(d.out, "  %-18s %s\n", "Debugger", d.folder.HowToAttach(d.debug))
	}
	ended := make(chan error, 1)
	go func() { ended <- d.server.run(ctx, d.out, nil) }()
	for {
		select {
		case err := <-ended:
			return err
		case names := <-saves:
			if ctx.Err() == nil {
				d.saved(ctx, names)
			}
		}
	}
}

// open builds the plugin and puts the server together, at each save until both works.
func (d *workbench) open(ctx context.Context, saves <-chan []string) error {
	for {
		var command []string
		build := func() (err error) { command, err = d.build(ctx, d.program()); return err }
		err := build()
		if err == nil {
			read := func() (*config.Config, error) { return d.config(command) }
			var cfg *config.Config
			if cfg, err = read(); err == nil {
				d.server, err = assemble(ctx, cfg, d.log, true, read)
			}
		}
		if err == nil || ctx.Err() != nil {
			return nil
		}
		if !ofTheAuthor(err) {
			return err
		}
		d.complain("it does not run yet: mend it and save", err)
		select {
		case <-saves:
		case <-ctx.Done():
		}
	}
}

// ofTheAuthor says whether a save may mend it.
func ofTheAuthor(err error) bool {
	var built *workshop.BuildError
	var wrong config.Diagnostics
	return errors.As(err, &built) || errors.As(err, &wrong)
}

// program is where the built plugin lies.
func (d *workbench) program() string { return filepath.Join(d.dir, d.folder.Name) }

func (d *workbench) build(ctx context.Context, out string, saved ...string) ([]string, error) {
	if d.debug != "" {
		return d.folder.BuildToDebug(ctx, out, d.debug, saved...)
	}
	return d.folder.Build(ctx, out, saved...)
}

// saved brings what was saved to the running server.
func (d *workbench) saved(ctx context.Context, names []string) {
	begun := time.Now()
	var err error
	switch fields := slices.Equal(names, []string{filepath.Base(d.fields)}); {
	case fields && d.debug != "":
		err = errors.New("other fields need another launch under the debugger: end this, and run it again")
	case fields:
		err = d.refill(ctx)
	default:
		err = d.renew(ctx, names)
	}
	if ctx.Err() != nil {
		return
	}
	if err != nil {
		d.complain("the version before goes on", err)
		return
	}
	fmt.Fprintf(d.out, "%s %s serves again after %s\n", color.GreenString("✓"), d.folder.Name, time.Since(begun).Round(10*time.Millisecond))
}

// renew builds the plugin, looks whether it starts, and runs it in place of the old one.
func (d *workbench) renew(ctx context.Context, saved []string) error {
	spec, err := d.spec()
	if err != nil {
		return err
	}
	if d.debug != "" || d.folder.Lang == "go" {
		if _, err := d.build(ctx, d.program()+".next", saved...); err != nil {
			return err
		}
	}
	if d.debug == "" { // two at once cannot listen for a debugger
		if err := d.try(ctx, spec, saved); err != nil {
			return err
		}
	}
	if d.folder.Lang == "go" {
		if err := os.Rename(d.program()+".next", d.program()); err != nil {
			return cause(err)
		}
	}
	if err := d.server.host.Restart(ctx, spec.ID); err != nil {
		return err
	}
	if b := d.status(); b.State != "running" {
		return fmt.Errorf("it is %s: %s", b.State, b.LastError)
	}
	return nil
}

// refill launches the plugin with other fields.
func (d *workbench) refill(ctx context.Context) error {
	before := d.status().Generation
	a, err := d.server.reload(ctx)
	if err != nil || len(a.Changed) == 0 {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	for tick := time.NewTicker(10 * time.Millisecond); ; {
		if b := d.status(); b.Generation > before && b.State == "running" {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("it is %s: %s", d.status().State, d.status().LastError)
		}
	}
}

// status is how the plugin is doing.
func (d *workbench) status() core.BridgeStatus {
	for _, b := range d.server.host.Status() {
		if b.ID == d.folder.Name {
			return b
		}
	}
	return core.BridgeStatus{State: "stopped"}
}

// try starts the new version beside the old one, which receives nothing. Source that is
// interpreted is looked at when it does not start, to say why: each start of an interpreter
// is time that the author waits.
func (d *workbench) try(ctx context.Context, spec host.Spec, saved []string) error {
	if d.folder.Lang == "go" {
		spec.Path = d.program() + ".next"
	}
	_, err := d.server.host.Try(ctx, spec)
	if err != nil && d.folder.Lang != "go" {
		if _, wrong := d.build(ctx, "", saved...); wrong != nil {
			return wrong
		}
	}
	return err
}

// spec is the plugin's block as the server runs it now.
func (d *workbench) spec() (host.Spec, error) {
	cfg := d.server.cfg.Load()
	for _, b := range cfg.Bridges {
		if b.ID == d.folder.Name {
			return specOf(cfg, b, d.server.chat.Projects())
		}
	}
	return host.Spec{}, fmt.Errorf("the configuration has no %s any more", d.folder.Name)
}

// complain prints what is wrong, and what that means.
func (d *workbench) complain(meanwhile string, err error) {
	fmt.Fprintf(d.out, "%s %s\n", color.RedString("✗ "+d.folder.Name+":"), meanwhile)
	fmt.Fprintln(d.out, color.RedString("%s", d.located(err)))
}
