package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/bus"
	"github.com/pocketping/pocketping/core/config"
	"github.com/pocketping/pocketping/core/store"
)

// exportFlags are what of a project is taken away, and where to.
type exportFlags struct {
	project, visitor   string
	format, table      string
	from, to           string
	output             string
	force              bool
	span               store.Span
	sheets             []*sheet
	progress, messages io.Writer // progress: nil, nobody looks
}

func newExport(g *globals) *cobra.Command {
	f := &exportFlags{}
	cmd := &cobra.Command{
		Use:   "export",
		Short: "Write a project's visitors, sessions, messages and ratings to a file",
		Long: `Writes a project's visitors, sessions, messages and ratings: as CSV, a zip with a file for
each, or as JSON Lines, one object a line that names its table. With --visitor it is all that is
known of one visitor, with their files. It may run beside a server.

A cell of CSV that a spreadsheet would take for a formula (one that begins with = + - @, a tab or
a line break) gets an apostrophe in front, and so does one that begins with an apostrophe:
whoever reads the file takes one off.`,
		Example: `  pocketping export --project shop
  pocketping export --project shop --from 2026-07-01 --to 2026-07-31 --format jsonl
  pocketping export --project shop --table messages --output - | wc -l
  pocketping export --project shop --visitor vis_06h0…`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			f.messages = cmd.OutOrStdout()
			if f.output == "-" {
				f.messages = cmd.ErrOrStderr()
			}
			if !g.json && onTerminal(os.Stderr) {
				f.progress = cmd.ErrOrStderr()
			}
			return withProjects(cmd.Context(), g, func(cfg *config.Config, s *store.Store, _ []*core.Project) error {
				return f.run(core.WithActor(cmd.Context(), "command line"), g, cfg, s)
			})
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "the `project`; may be left out where there is one")
	flags.StringVar(&f.visitor, "visitor", "", "the `id` of a visitor: all of theirs, with files, as a zip")
	flags.StringVar(&f.format, "format", "csv", "`csv` or jsonl")
	flags.StringVar(&f.table, "table", "", "only this one: visitors, sessions, messages or ratings")
	flags.StringVar(&f.from, "from", "", "only what came to be from this day or `time` on, such as 2026-07-01")
	flags.StringVar(&f.to, "to", "", "only what came to be up to the end of this day, or before this `time`")
	flags.StringVarP(&f.output, "output", "o", "", "the `file` to write; - is standard output (default: a name with project and day)")
	flags.BoolVar(&f.force, "force", false, "replace the file when there is one")
	return cmd
}

// run checks what was asked for before it writes anything.
func (f *exportFlags) run(ctx context.Context, g *globals, cfg *config.Config, s *store.Store) error {
	p, err := f.find(ctx, cfg, s)
	if err != nil {
		return err
	}
	if err := f.check(p); err != nil {
		return err
	}
	files, err := store.DiskFiles(cfg.Files.Dir)
	if err != nil {
		return err
	}
	chat := core.NewChat(core.Options{Store: s, Files: files, Bus: bus.NewLocal(), Projects: core.NewProjects([]*core.Project{p}), Log: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))})
	if f.visitor != "" {
		err := writeFile(f.output, f.force, func(w io.Writer) error { return chat.ZipVisitor(ctx, p.ID, f.visitor, w) })
		return f.told(g, map[string]int64{}, err)
	}
	extent, err := s.Extent(ctx, f.span)
	if err != nil {
		return err
	}
	if err := chat.Audit(ctx, core.AuditEntry{ProjectID: p.ID, Action: "project.exported", Subject: p.Slug, Detail: f.detail()}); err != nil {
		return err
	}
	rows := map[string]int64{}
	err = writeFile(f.output, f.force, func(w io.Writer) error { return f.write(ctx, s, w, extent, rows) })
	return f.told(g, rows, err)
}

func (f *exportFlags) find(ctx context.Context, cfg *config.Config, s *store.Store) (*core.Project, error) {
	projects, err := s.Projects(ctx) // of the API too
	if err != nil {
		return nil, err
	}
	if f.project == "" && len(projects) == 1 {
		return projects[0], nil
	}
	if f.project == "" {
		return nil, errors.New("which project? --project names it, `pocketping project list` shows them")
	}
	return findProject(cfg, projects, f.project)
}

// check reads the flags.
func (f *exportFlags) check(p *core.Project) (err error) {
	if f.visitor != "" && (f.table != "" || f.from != "" || f.to != "" || f.format != "csv") {
		return errors.New("--visitor takes all that is known of one: leave --table, --format, --from and --to out")
	}
	if f.format != "csv" && f.format != "jsonl" {
		return fmt.Errorf("--format %q is none: csv or jsonl", f.format)
	}
	f.span.ProjectID, f.sheets = p.ID, sheets
	if f.table != "" {
		i := slices.IndexFunc(sheets, func(s *sheet) bool { return s.name == f.table })
		if i < 0 {
			return fmt.Errorf("--table %q is none: visitors, sessions, messages or ratings", f.table)
		}
		f.sheets = sheets[i : i+1]
	}
	if f.span.From, err = moment("from", f.from, 0); err != nil {
		return err
	}
	if f.span.To, err = moment("to", f.to, 1); err != nil {
		return err
	}
	if f.span.To != 0 && f.span.From >= f.span.To {
		return errors.New("--from is not before --to: nothing lies between them")
	}
	if f.output == "" {
		f.output = f.name(p)
	}
	return nil
}

// moment reads a day of this machine's time zone, or a time; days are added to a day.
func moment(flag, s string, days int) (core.Time, error) {
	if s == "" {
		return 0, nil
	}
	if day, err := time.ParseInLocation(time.DateOnly, s, time.Local); err == nil {
		return core.TimeOf(day.AddDate(0, 0, days)), nil
	}
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return 0, fmt.Errorf("--%s %q is no day and no time: write 2026-07-01 or 2026-07-01T12:00:00Z", flag, s)
	}
	return core.TimeOf(at), nil
}

// name is what the file is called that nobody has named.
func (f *exportFlags) name(p *core.Project) string {
	parts, ending := []string{p.Slug}, ".zip"
	if f.visitor != "" {
		parts = append(parts, f.visitor)
	}
	if f.table != "" {
		parts, ending = append(parts, f.table), ".csv"
	}
	if f.format == "jsonl" {
		ending = ".jsonl"
	}
	return strings.Join(append(parts, time.Now().Format(time.DateOnly)), "-") + ending
}

func (f *exportFlags) detail() string {
	detail := f.format
	if f.table != "" {
		detail += ", " + f.table
	}
	if f.from != "" {
		detail += ", from " + f.from
	}
	if f.to != "" {
		detail += ", to " + f.to
	}
	return detail
}

// told says what was written.
func (f *exportFlags) told(g *globals, rows map[string]int64, err error) error {
	if err != nil {
		return err
	}
	if g.json {
		return printJSON(f.messages, map[string]any{"output": f.output, "rows": rows})
	}
	parts := []string{}
	for _, s := range f.sheets {
		if n, ok := rows[s.name]; ok {
			parts = append(parts, count(int(n), strings.TrimSuffix(s.name, "s")))
		}
	}
	if len(parts) == 0 {
		parts = []string{"visitor " + f.visitor}
	}
	_, err = fmt.Fprintf(f.messages, "%s: %s\n", f.output, strings.Join(parts, ", "))
	return err
}
