package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/fatih/color"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/sdk/plugin/conformance"
)

// conformity are the flags of `plugin test`.
type conformity struct {
	settings string
	platform string
	only     []string
	short    bool
	verbose  bool
	remote   bool
}

func newPluginTest(g *globals) *cobra.Command {
	var f conformity
	cmd := &cobra.Command{
		Use:   "test PLUGIN [-- ARGUMENTS]",
		Short: "Check a plugin as the core would use it, in any language, offline",
		Long: `The plugin is a program, or a folder of source with its plugin.json, which is built first.
Launches it as the server does, delivers every kind of event to it, kills and
freezes it, and says of each check what was expected and what happened. With --platform
it also hears what operators write, and makes calls to the platform fail. Ends with
status 1 when a check fails.`,
		Example: `  pocketping plugin test ./matrix --settings '{"token": "kit"}'
  pocketping plugin test ./matrix --platform "./matrixtest -control" --short
  pocketping plugin test ./crm --settings '{"url": "{receiver}"}'    a hook
  pocketping plugin test --remote python3 main.py --settings '{}'
  pocketping plugin test ./matrix --only deliver,stop/in-time --json`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return errors.New("which plugin? `pocketping plugin test ./matrix` checks the program ./matrix")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			command, done, err := f.built(cmd.Context(), args)
			defer done()
			if err != nil {
				return err
			}
			return testPlugin(cmd.Context(), cmd.OutOrStdout(), g.json, f, command)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.settings, "settings", "", "the fields of its block as `JSON`, or @file; {receiver} in it is an address that takes what a hook sends")
	flags.StringVar(&f.platform, "platform", "", "a `command` that stands for its platform (docs/plugins/test.md)")
	flags.StringSliceVar(&f.only, "only", nil, "only these `checks`, or groups of checks")
	flags.BoolVar(&f.short, "short", false, "leave out what takes long: 30 seconds at most")
	flags.BoolVar(&f.remote, "remote", false, "the plugin connects over a WebSocket, as one on another machine does")
	flags.BoolVar(&f.verbose, "verbose", false, "show what the plugin logs")
	return cmd
}

func (f conformity) options(args []string) (conformance.Options, error) {
	o := conformance.Options{Binary: args[0], Args: args[1:], Driver: strings.Fields(f.platform), Only: f.only, Short: f.short, Config: json.RawMessage(f.settings)}
	if f.remote { // who stands in for it is launched, and has it connect
		self, err := os.Executable()
		if err != nil {
			return o, err
		}
		o.Binary, o.Args = self, append([]string{"plugin", standInName}, args...)
	}
	if f.verbose {
		o.Log = os.Stderr
	}
	if name, ok := strings.CutPrefix(f.settings, "@"); ok {
		text, err := os.ReadFile(name)
		if err != nil {
			return o, fmt.Errorf("the settings cannot be read: %w", cause(err))
		}
		o.Config = text
	}
	return o, nil
}

func testPlugin(ctx context.Context, w io.Writer, asJSON bool, f conformity, args []string) error {
	o, err := f.options(args)
	if err != nil {
		return err
	}
	report, err := conformance.Run(ctx, o)
	if err != nil {
		return err
	}
	if asJSON {
		err = printJSON(w, report)
	} else {
		printReport(w, report)
	}
	if err == nil && len(report.Failed()) > 0 {
		err = errSaid
	}
	return err
}

func printReport(w io.Writer, report conformance.Report) {
	words := map[conformance.Status]string{
		conformance.Pass: color.GreenString("pass"), conformance.Fail: color.RedString("fail"), conformance.Skip: color.YellowString("skip"),
	}
	var rows []table.Row
	for _, c := range report.Checks {
		rows = append(rows, table.Row{words[c.Status], c.Name, wrap(c.Expected, 48), wrap(c.Happened, 56)})
	}
	printTable(w, table.Row{"", "Check", "Expected", "What happened"}, rows)
	passed, failed, skipped := report.Counts()
	fmt.Fprintf(w, "%s: %d passed, %d failed, %d left out, in %.1f s.\n", report.Plugin, passed, failed, skipped, report.Took.Seconds())
}
