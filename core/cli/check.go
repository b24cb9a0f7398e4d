package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"sync"

	"github.com/fatih/color"
	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
)

// finding is one thing that check looked at.
type finding struct {
	Where string `json:"where"` // a bridge's id, or a part of the server
	What  string `json:"what"`
	OK    bool   `json:"ok"`
	Text  string `json:"text,omitempty"` // what was found, and what to do when it is not OK
}

func newCheck(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Look at the configuration, the plugins and their platforms",
		Long: `Reads the configuration, tries the database, and lets every plugin look at its
platform: is the token good, which right is missing. Ends with status 1 when something
is wrong. It may run beside a server.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := g.load()
			if err != nil {
				return err
			}
			return report(cmd.OutOrStdout(), g.json, checkAll(cmd.Context(), cfg))
		},
	}
}

// checkAll looks at everything, the bridges all at the same time.
func checkAll(ctx context.Context, cfg *config.Config) []finding {
	all := []finding{{Where: "configuration", What: cfg.Path, OK: true, Text: count(len(cfg.Projects), "project") + ", " + count(len(cfg.Bridges), "bridge")}}
	registry, found := checkDatabase(ctx, cfg)
	all = append(append(append(all, found...), checkTLS(ctx, cfg)...), checkProjects(cfg)...)

	h := host.New(host.Options{Log: quiet()})
	parts := make([][]finding, len(cfg.Bridges))
	var wg sync.WaitGroup
	for i, b := range cfg.Bridges {
		wg.Go(func() { parts[i] = checkBridge(ctx, h, cfg, b, registry) })
	}
	wg.Wait()
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// quiet logs what is worse than an error: what is wrong with a plugin stands in the
// table.
func quiet() *slog.Logger {
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelError + 1}))
}

// checkDatabase also returns the projects, as far as they can be known, and what the
// file would change: nothing is changed here.
func checkDatabase(ctx context.Context, cfg *config.Config) (*core.Projects, []finding) {
	f := finding{Where: "database", What: "write"}
	s, err := store.Open(ctx, cfg.Database.URL, store.Options{})
	if err == nil {
		defer func() { _ = s.Close() }() // it holds nothing of ours
		err = s.Ping(ctx)
	}
	var stored []*core.Project
	var c changes
	if err == nil {
		stored, err = s.Projects(ctx)
	}
	if err == nil {
		c, err = changesOf(ctx, cfg, s)
	}
	registry := core.NewProjects(unstored(configured(cfg).Merge(stored)))
	if err != nil {
		f.Text = oneLine(err.Error())
		return registry, []finding{f}
	}
	f.OK = true
	found := []finding{f}
	for _, line := range c.lines() {
		found = append(found, finding{Where: "database", What: "changes", OK: true, Text: line})
	}
	return registry, found
}

// checkProjects finds projects whose visitors nobody hears.
func checkProjects(cfg *config.Config) []finding {
	var found []finding
	for _, p := range cfg.Projects {
		bridges := 0
		for _, b := range cfg.Bridges {
			if b.Kind == config.KindBridge && b.Serves(p.Slug) {
				bridges++
			}
		}
		f := finding{Where: p.Slug, What: "bridges", OK: true, Text: count(bridges, "bridge")}
		if bridges == 0 {
			f.OK, f.Text = false, "nobody is told what visitors write: add a bridge, such as bridge \"inbox\" {}"
		}
		found = append(found, f)
	}
	return found
}

// checkBridge lets a plugin look at its platform.
func checkBridge(ctx context.Context, h *host.Host, cfg *config.Config, b *config.Bridge, registry *core.Projects) []finding {
	spec, err := specOf(cfg, b, registry)
	var live []host.Finding
	if err == nil && b.Remote() {
		return []finding{{Where: b.ID, What: "plugin", OK: true, Text: "is remote: whether it is connected is shown by the running server, on its admin page"}}
	}
	if err == nil {
		live, err = h.Check(ctx, spec)
	}
	if err != nil {
		return []finding{{Where: b.ID, What: "plugin", Text: oneLine(located(b, err).Error())}}
	}
	found := []finding{{Where: b.ID, What: "plugin", OK: true, Text: b.Plugin + " starts"}}
	for _, f := range live {
		found = append(found, finding{Where: b.ID, What: f.Name, OK: f.OK, Text: oneLine(f.Text)})
	}
	return found
}

// report prints the findings, and fails when one is not OK.
func report(w io.Writer, asJSON bool, all []finding) error {
	bad := 0
	var rows []table.Row
	for _, f := range all {
		mark := color.GreenString("ok")
		if !f.OK {
			bad++
			mark = color.RedString("wrong")
		}
		rows = append(rows, table.Row{f.Where, f.What, mark, f.Text})
	}
	if asJSON {
		if err := printJSON(w, map[string]any{"ok": bad == 0, "findings": all}); err != nil {
			return err
		}
	} else {
		printTable(w, table.Row{"Where", "What", "Result", "What was found, what to do"}, rows)
	}
	if bad == 0 {
		return nil
	}
	if asJSON {
		return errSaid
	}
	return errors.New(count(bad, "thing") + " to put right, see the table")
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
