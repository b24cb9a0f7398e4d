package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
)

// report is what came of scenarios, each the last time that it was run.
type report struct {
	Rows []row `json:"rows"`
}

// facts say when something was run, of what, and where.
type facts struct {
	Date   string `json:"date"`
	Seed   uint64 `json:"seed"`
	Size   size   `json:"size"`
	Commit string `json:"commit"`
	Go     string `json:"go"`
	Cores  int    `json:"cores"`
}

func made(ctx context.Context, s settings) facts {
	commit := "unknown"
	if out, err := exec.CommandContext(ctx, "git", "rev-parse", "--short=12", "HEAD").Output(); err == nil {
		commit = strings.TrimSpace(string(out))
	}
	return facts{
		Date: time.Now().UTC().Format(time.DateOnly), Seed: s.seed, Size: s.size, Commit: commit,
		Go: strings.TrimPrefix(runtime.Version(), "go"), Cores: runtime.NumCPU(),
	}
}

func (f facts) String() string {
	return fmt.Sprintf("%s, commit %s, seed %d, size %s, Go %s, %d cores", f.Date, f.Commit, f.Seed, f.Size, f.Go, f.Cores)
}

func (r report) broken() error {
	var all []error
	for _, row := range r.Rows {
		if len(row.Broken) > 0 {
			all = append(all, fmt.Errorf("%s on %s: %s", row.Scenario, row.Database, strings.Join(row.Broken, "; ")))
		}
	}
	return errors.Join(all...)
}

var columns = []string{"promise", "scenario", "database", "load", "faults", "lost", "twice", "reordered", "twice on platforms", "time", "holds", "run"}

func (r row) cells() []any {
	holds := "yes"
	if len(r.Broken) > 0 {
		holds = "NO"
	}
	took := time.Duration(r.Seconds * float64(time.Second)).Round(time.Second).String()
	return []any{r.Promise, r.Scenario, r.Database, r.Load, r.Faults, r.Lost, r.Twice, r.Reordered, r.doubles(), took, holds, r.Made.String()}
}

func (r row) doubles() string {
	var words []string
	for _, platform := range slices.Sorted(maps.Keys(r.Doubles)) {
		words = append(words, fmt.Sprintf("%s %d", platform, r.Doubles[platform]))
	}
	return cmp.Or(strings.Join(words, ", "), "–")
}

func (r report) print(out io.Writer) {
	t := table.NewWriter()
	t.SetOutputMirror(out)
	head := table.Row{}
	for _, c := range columns {
		head = append(head, c)
	}
	t.AppendHeader(head)
	t.SetColumnConfigs([]table.ColumnConfig{{Name: "load", WidthMax: 40}, {Name: "faults", WidthMax: 40}})
	for _, row := range r.Rows {
		t.AppendRow(row.cells())
	}
	t.Render()
	for _, row := range r.Rows {
		for _, figure := range row.Figures {
			_, _ = fmt.Fprintf(out, "%s on %s: %s\n", row.Scenario, row.Database, figure) // the terminal has gone when it fails
		}
	}
}

// and is the report with what the file has of other scenarios and databases.
func (r report) and(file string) (report, error) {
	b, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return r, nil
	}
	var old report
	if err == nil {
		err = json.Unmarshal(b, &old)
	}
	if err != nil {
		return r, fmt.Errorf("%s is not what a run before has written: %w", file, err)
	}
	all := slices.Clone(r.Rows)
	for _, before := range old.Rows {
		if !slices.ContainsFunc(r.Rows, before.isOf) {
			all = append(all, before)
		}
	}
	slices.SortStableFunc(all, func(a, b row) int {
		return cmp.Or(cmp.Compare(placeOf(a), placeOf(b)), -cmp.Compare(a.Database, b.Database))
	})
	return report{Rows: all}, nil
}

// isOf reports whether the rows are of one scenario on one database.
func (r row) isOf(other row) bool {
	return r.Scenario == other.Scenario && r.Database == other.Database
}

func placeOf(r row) int {
	return slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == r.Scenario })
}

// save writes the results, with those of other runs that the file has, as JSON and into
// the page.
func (r report) save(file, page string) error {
	if file != "" {
		var err error
		if r, err = r.and(file); err != nil {
			return err
		}
	}
	return errors.Join(r.saveJSON(file), r.saveMarkdown(page))
}

func (r report) saveJSON(file string) error {
	if file == "" {
		return nil
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(file, append(b, '\n'), 0o644)
}

// The table stands between these lines of the page.
const (
	tableBegins = "<!-- chaos: the table begins -->"
	tableEnds   = "<!-- chaos: the table ends -->"
)

// saveMarkdown puts the table in place of the one that the page has.
func (r report) saveMarkdown(file string) error {
	if file == "" {
		return nil
	}
	page, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	before, rest, begins := bytes.Cut(page, []byte(tableBegins))
	_, after, ends := bytes.Cut(rest, []byte(tableEnds))
	if !begins || !ends {
		return fmt.Errorf("%s has no lines %q and %q to put the table between", file, tableBegins, tableEnds)
	}
	text := tableBegins + "\n" + r.markdown() + tableEnds
	return os.WriteFile(file, slices.Concat(before, []byte(text), after), 0o644)
}

func (r report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, "| %s |\n|%s\n", strings.Join(columns, " | "), strings.Repeat("---|", len(columns)))
	for _, row := range r.Rows {
		for _, cell := range row.cells() {
			fmt.Fprintf(&b, "| %s ", strings.ReplaceAll(fmt.Sprint(cell), "|", `\|`))
		}
		b.WriteString("|\n")
	}
	b.WriteString("\n")
	for _, row := range r.Rows {
		for _, figure := range slices.Concat(row.Figures, row.Broken) {
			fmt.Fprintf(&b, "- %s on %s: %s\n", row.Scenario, row.Database, figure)
		}
	}
	return b.String()
}
