package cli_test

import (
	"archive/zip"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// formulas are what a spreadsheet would compute, and their like.
var formulas = []string{
	`=HYPERLINK("http://evil.example","Click")`, "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "'=1", "'tis", "＝1+1", `a,b"c` + "\nd", " =1", "Größe ✓", "",
}

const exported = 700 // sessions, of three messages each

// fill gives the project of a server's folder a history; what came to be under number
// n, at n seconds after the beginning of July.
func fill(t *testing.T, dir string) (begun core.Time, visitor string) {
	t.Helper()
	begun = core.Time(1782864000000) // 2026-07-01T00:00:00Z
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "pocketping.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	projects, err := s.Projects(t.Context())
	if err != nil || len(projects) != 1 {
		t.Fatal(projects, err)
	}
	group, ctx := errgroup.WithContext(t.Context())
	group.SetLimit(64)
	ids := make([]string, exported)
	for i := range exported {
		group.Go(func() error {
			at, project := begun+core.Time(1000*i), projects[0].ID
			v := &core.Visitor{ID: core.NewID(core.KindVisitor), ProjectID: project, Name: formulas[i%len(formulas)], CreatedAt: at, LastSeen: at, Traits: map[string]string{"plan": "=pro"}}
			ids[i] = v.ID
			if err := s.AddVisitor(ctx, v, core.Hash(v.ID)); err != nil {
				return err
			}
			session := core.NewID(core.KindSession)
			open := &core.Session{ID: session, Status: core.StatusActive, CreatedAt: at, LastActivity: at}
			for n := range 3 {
				m := &core.Message{ID: core.NewID(core.KindMessage), Sender: core.SenderVisitor, Text: formulas[(i+n)%len(formulas)], Via: core.ViaWidget, CreatedAt: at}
				c := core.Change{ProjectID: project, VisitorID: v.ID, SessionID: session, At: at, Post: m, Events: []core.Event{{Type: core.MessagePosted, MessageID: m.ID}}}
				if n == 0 {
					c.Open, c.Events = open, append([]core.Event{{Type: core.SessionOpened}}, c.Events...)
				}
				if n == 2 {
					c.Rating, c.Events = &core.Rating{Score: 4, Comment: "=fine"}, append(c.Events, core.Event{Type: core.SessionRated})
				}
				if _, err := s.Append(ctx, c); err != nil {
					return err
				}
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	files, err := store.DiskFiles(filepath.Join(dir, "files"))
	if err != nil {
		t.Fatal(err)
	}
	a := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: projects[0].ID, Owner: ids[0], Name: "../cat.txt", Type: "text/plain", CreatedAt: begun}
	if a.Size, err = files.Save(t.Context(), a.ID, strings.NewReader("a cat")); err != nil {
		t.Fatal(err)
	}
	if err := s.AddAttachment(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	return begun, ids[0]
}

// entries are what the files of a zip hold.
func entries(t *testing.T, path string) map[string]string {
	t.Helper()
	z, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	held := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		held[f.Name] = string(b)
	}
	return held
}

// table reads CSV into rows by column.
func table(t *testing.T, text string) (rows []map[string]string) {
	t.Helper()
	lines, err := csv.NewReader(strings.NewReader(text)).ReadAll()
	if err != nil || len(lines) == 0 {
		t.Fatalf("%v:\n%.300s", err, text)
	}
	for _, line := range lines[1:] {
		row := map[string]string{}
		for i, name := range lines[0] {
			row[name] = line[i]
		}
		rows = append(rows, row)
	}
	return rows
}

// A project's history leaves as CSV that no spreadsheet computes, and as lines of JSON,
// while its server runs.
func TestExport(t *testing.T) {
	t.Parallel()
	c := start(t, withInbox)
	begun, visitor := fill(t, c.Dir)

	got := run(t, c.Dir, "export", "--output", "all.zip")
	if want := fmt.Sprintf("all.zip: %d visitors, %d sessions, %d messages, %d ratings\n", exported, exported, 3*exported, exported); got.stdout != want || got.status != 0 || got.stderr != "" {
		t.Fatalf("%+v, want %s", got, want)
	}
	if info, err := os.Stat(filepath.Join(c.Dir, "all.zip")); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file: %v, %v", info, err)
	}
	all := entries(t, filepath.Join(c.Dir, "all.zip"))
	messages := table(t, all["messages.csv"])
	seen := map[string]int{}
	for _, m := range messages {
		cell := m["text"]
		if cell != "" && strings.ContainsAny(cell[:1], "=+-@\t\r\n") {
			t.Fatalf("a spreadsheet computes %q", cell)
		}
		if rest, quoted := strings.CutPrefix(cell, "'"); quoted {
			cell = rest
		}
		seen[cell]++
	}
	for _, text := range formulas {
		if seen[text] != 3*exported/len(formulas) {
			t.Errorf("%q is there %d times", text, seen[text])
		}
	}
	visitors, sessions, ratings := table(t, all["visitors.csv"]), table(t, all["sessions.csv"]), table(t, all["ratings.csv"])
	if n := []int{len(visitors), len(sessions), len(messages), len(ratings)}; !slices.Equal(n, []int{exported, exported, 3 * exported, exported}) {
		t.Errorf("rows: %v", n)
	}
	if v := visitors[0]; v["traits"] != `{"plan":"=pro"}` || v["created_at"] == "" {
		t.Errorf("a visitor: %v", v)
	}
	if r := ratings[0]; r["score"] != "4" || r["comment"] != "'=fine" || !strings.HasPrefix(r["created_at"], "2026-07-01T00:") {
		t.Errorf("a rating: %v", r)
	}

	span := []string{"--from", (begun + 100_000).String(), "--to", (begun + 200_000).String()}
	lines := run(t, c.Dir, append([]string{"export", "--format", "jsonl", "--output", "-"}, span...)...)
	counted := map[string]int{}
	for line := range strings.Lines(lines.stdout) {
		var row struct {
			Table, Text string
			Traits      map[string]string
			Note        *bool
			EditedAt    *string `json:"edited_at"`
		}
		if err := json.Unmarshal([]byte(line), &row); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		counted[row.Table]++
		if row.Text != "" && !slices.Contains(formulas, row.Text) || row.EditedAt != nil || row.Table == "visitors" && row.Traits["plan"] != "=pro" {
			t.Fatalf("a row: %s", line)
		}
	}
	if got := fmt.Sprint(counted); got != "map[messages:300 ratings:100 sessions:100 visitors:100]" || !strings.HasPrefix(lines.stderr, "-: 100 visitors") {
		t.Errorf("lines: %s, %s", got, lines.stderr)
	}
	one := run(t, c.Dir, append([]string{"export", "--table", "sessions", "--output", "-"}, span...)...)
	if n := len(table(t, one.stdout)); n != 100 {
		t.Errorf("%d sessions", n)
	}

	whole := run(t, c.Dir, "export", "--visitor", visitor, "--output", "one.zip")
	held := entries(t, filepath.Join(c.Dir, "one.zip"))
	var doc struct {
		Attachments []struct{ ID, URL string }
		Sessions    []struct{ Messages []struct{ Text string } }
	}
	if err := json.Unmarshal([]byte(held["visitor.json"]), &doc); err != nil || len(doc.Attachments) != 1 || len(doc.Sessions) != 1 || len(doc.Sessions[0].Messages) != 3 {
		t.Fatalf("%v: %s", err, held["visitor.json"])
	}
	if place := "files/" + doc.Attachments[0].ID + "-.._cat.txt"; doc.Attachments[0].URL != place || held[place] != "a cat" || len(held) != 2 || whole.stdout != "one.zip: visitor "+visitor+"\n" {
		t.Errorf("the visitor: %+v, %v", whole, held)
	}
	log := run(t, c.Dir, "audit", "--json").stdout
	if strings.Count(log, `"project.exported"`) != 3 || strings.Count(log, `"visitor.exported"`) != 1 || !strings.Contains(log, `"command line"`) || strings.Contains(log, visitor) {
		t.Errorf("the audit log: %s", log)
	}

	for want, args := range map[string][]string{
		"all.zip is there already":        {"--output", "all.zip"},
		"cannot write to the folder none": {"--output", "none/x.zip"},
		`--table "people" is none`:        {"--table", "people"},
		`--format "xml" is none`:          {"--format", "xml"},
		`no project "shop"`:               {"--project", "shop"},
		"is no day and no time":           {"--from", "yesterday"},
		"nothing lies between them":       {"--from", "2026-07-02", "--to", "2026-07-01"},
		"leave --table":                   {"--visitor", visitor, "--table", "messages"},
		"no visitor vis_nobody":           {"--visitor", "vis_nobody"},
	} {
		if got := run(t, c.Dir, append([]string{"export"}, args...)...); got.status != 1 || !strings.Contains(got.stderr, want) {
			t.Errorf("%v: %+v, want %s", args, got, want)
		}
	}
	if got := run(t, c.Dir, "export", "--output", "all.zip", "--force", "--json", "--from", "2030-01-01"); got.status != 0 || !strings.Contains(got.stdout, `"messages": 0`) {
		t.Errorf("--force: %+v", got)
	}
	if left, _ := filepath.Glob(filepath.Join(c.Dir, ".*.zip.*")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}
