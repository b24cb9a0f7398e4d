// Package cli is the pocketping command. It knows all the other parts and puts
// them together; serve.go is where that happens.
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/web"
)

// Main runs the command line and returns the exit status: 0, or 1 with what is
// wrong, and what to do about it, on standard error.
func Main(args []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // the second Ctrl-C does not ask

	root := newRoot()
	root.SetArgs(args)
	if err := root.ExecuteContext(ctx); err != nil {
		complain(os.Stderr, err)
		return 1
	}
	return 0
}

// globals are the flags that every command has.
type globals struct {
	config string
	json   bool
	log    string
}

func (g *globals) load() (*config.Config, error) {
	cfg, err := config.Load(g.config)
	if err != nil {
		return nil, err
	}
	return cfg, cfg.CheckWords(web.WordNames())
}

func newRoot() *cobra.Command {
	g := &globals{}
	root := &cobra.Command{
		Use:   "pocketping",
		Short: "Live chat for your website, answered from Telegram, Discord, Slack or a web page",
		Long: `PocketPing puts a chat widget on your website and carries what visitors write to
where your team already is. Everything is set in one file, config.hcl.`,
		Example: `  pocketping serve            run the server
  pocketping check            look at the configuration and at every platform
  pocketping project list     the projects and their keys`,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args:          noArgs,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	flags := root.PersistentFlags()
	flags.StringVarP(&g.config, "config", "c", "config.hcl", "the configuration `file`")
	flags.BoolVar(&g.json, "json", false, "print JSON, for programs")
	flags.StringVar(&g.log, "log", "auto", "log as `text` or json; auto: text on a terminal")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return fmt.Errorf("%w: `%s --help` shows what there is", err, cmd.CommandPath())
	})
	root.CompletionOptions.HiddenDefaultCmd = true
	root.AddCommand(newServe(g), newCheck(g), newProject(g), newPlugin(g), newLogin(g), newAudit(g), newExport(g), newDelivery(g), newBackup(g), newRestore(g), newVersion(g))
	return root
}

// noArgs refuses what is no command, and says what there is.
func noArgs(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	if !cmd.HasSubCommands() {
		return fmt.Errorf("%s takes no %q: `%[1]s --help` shows what it takes", cmd.CommandPath(), args[0])
	}
	cmd.SuggestionsMinimumDistance = 2
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		return fmt.Errorf("%s has no command %q: did you mean %q?", cmd.CommandPath(), args[0], near[0])
	}
	return fmt.Errorf("%s has no command %q: `%[1]s --help` shows what there is", cmd.CommandPath(), args[0])
}

// errSaid fails a command that has printed what is wrong.
var errSaid = errors.New("said already")

// complain prints an error for people: diagnostics as they are, anything else as
// one line.
func complain(w io.Writer, err error) {
	var ds config.Diagnostics
	switch {
	case errors.Is(err, errSaid):
	case errors.As(err, &ds):
		fmt.Fprintln(w, ds.Error())
	default:
		fmt.Fprintln(w, color.RedString("error:"), oneLine(err.Error()))
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
