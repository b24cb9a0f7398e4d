package cli_test

import (
	"encoding/json"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/plugins/telegram/telegramtest"
)

func itoa(n int) string { return strconv.Itoa(n) }

// found is one line of check's JSON.
type found struct {
	Where, What, Text string
	OK                bool
}

func check(t *testing.T, config string) (all []found, status int) {
	t.Helper()
	got := run(t, folder(t, config), "check", "--json")
	var report struct {
		OK       bool
		Findings []found
	}
	if err := json.Unmarshal([]byte(got.stdout), &report); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	if report.OK != (got.status == 0) {
		t.Errorf("says ok: %v, and ends with %d", report.OK, got.status)
	}
	return report.Findings, got.status
}

// TestCheckAsksThePlatform breaks Telegram's side the ways people do.
func TestCheckAsksThePlatform(t *testing.T) {
	for _, tt := range []struct {
		name       string
		spoil      func(*telegramtest.Server)
		what, text string // of the finding that is not OK; empty: all are
	}{
		{"all is well", func(*telegramtest.Server) {}, "", ""},
		{"wrong token", (*telegramtest.Server).Revoke, "token", "@BotFather"},
		{"bot is no administrator", (*telegramtest.Server).Demote, "administrator", "administrator"},
		{"a right is missing", func(s *telegramtest.Server) { s.Rights(false, true) }, "can_manage_topics", "Manage"},
		{"topics are off", (*telegramtest.Server).TopicsOff, "topics", "switch on Topics"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tg := telegramtest.NewServer()
			t.Cleanup(tg.Close)
			tt.spoil(tg)
			all, status := check(t, demo+`bridge "inbox" {}`+telegram(tg))
			bad := slices.DeleteFunc(slices.Clone(all), func(f found) bool { return f.OK })
			if tt.what == "" {
				if len(bad) > 0 || status != 0 {
					t.Errorf("status %d, %+v", status, bad)
				}
				return
			}
			if len(bad) == 0 || status != 1 {
				t.Fatalf("status %d, all are well: %+v", status, all)
			}
			if bad[0].Where != "telegram" || !strings.Contains(bad[0].What, tt.what) || !strings.Contains(bad[0].Text, tt.text) {
				t.Errorf("got %+v, want %q: …%s…", bad[0], tt.what, tt.text)
			}
		})
	}
}

func TestCheckPrintsATable(t *testing.T) {
	t.Parallel()
	got := run(t, folder(t, demo+`bridge "inbox" { command = ["/bin/echo"] }`), "check")
	if got.status != 1 || got.stderr != "error: 1 thing to put right, see the table\n" {
		t.Errorf("status %d, said %q", got.status, got.stderr)
	}
	for _, want := range []string{`configuration +config\.hcl +ok`, `database +write +ok`, `inbox +plugin +wrong +config\.hcl:5: bridge "inbox": .*is no`} {
		if !regexp.MustCompile(want).MatchString(got.stdout) {
			t.Errorf("no line like %q in\n%s", want, got.stdout)
		}
	}
}

func TestCheckMissesABridge(t *testing.T) {
	t.Parallel()
	all, status := check(t, demo)
	i := slices.IndexFunc(all, func(f found) bool { return !f.OK })
	if status != 1 || i < 0 || all[i].Where != "demo" || !strings.Contains(all[i].Text, "add a bridge") {
		t.Errorf("status %d, %+v", status, all)
	}
}

func TestPluginList(t *testing.T) {
	t.Parallel()
	got := run(t, folder(t, demo+`bridge "inbox" {}
bridge "matrix" {
  remote_key = "bk_0000000000test0key0of0a0remote0bridge0000000000000000"
}`), "plugin", "list", "--json")
	var programs []struct {
		Name, Kind, Error string
		Remote            bool
		UsedBy            []string
		Fields            []struct {
			Name, Type string
			Required   bool
		}
	}
	if err := json.Unmarshal([]byte(got.stdout), &programs); err != nil {
		t.Fatalf("%v: %+v", err, got)
	}
	seen := map[string]bool{}
	for _, p := range programs {
		seen[p.Name] = true
		switch p.Name {
		case "inbox":
			if p.Kind != "bridge" || !slices.Equal(p.UsedBy, []string{"inbox"}) {
				t.Errorf("inbox is %+v", p)
			}
		case "matrix":
			if !p.Remote || p.Error != "" || !slices.Equal(p.UsedBy, []string{"matrix"}) {
				t.Errorf("matrix, which connects from elsewhere, is %+v", p)
			}
		case "telegram":
			if len(p.UsedBy) > 0 || len(p.Fields) < 2 || p.Fields[0].Name != "token" || !p.Fields[0].Required {
				t.Errorf("telegram is %+v", p)
			}
		}
	}
	if !seen["inbox"] || !seen["telegram"] || !seen["matrix"] {
		t.Errorf("only %v", seen)
	}
	if table := run(t, folder(t, demo), "plugin", "list"); table.status != 0 || !strings.Contains(table.stdout, "chat_id (int, required)") {
		t.Errorf("%+v", table)
	}
}

// TestPinnedPluginIsNotAsked: a program with another checksum is never run.
func TestPinnedPluginIsNotAsked(t *testing.T) {
	t.Parallel()
	got := run(t, folder(t, demo+`bridge "inbox" { sha256 = "`+strings.Repeat("0", 64)+`" }`), "plugin", "list", "--json")
	if !strings.Contains(got.stdout, "not the one that sha256 pins") {
		t.Errorf("%+v", got)
	}
}

func TestProjects(t *testing.T) {
	t.Parallel()
	dir := folder(t, demo+`project "set" {
  origins    = ["https://set.example"]
  secret_key = "sk_0123456789abcdefghij"
}
bridge "inbox" {}`)
	var first, second struct {
		ID, PublicKey, Embed string
		Bridges              []string
	}
	for _, into := range []any{&first, &second} {
		if got := run(t, dir, "project", "show", "demo", "--json"); json.Unmarshal([]byte(got.stdout), into) != nil {
			t.Fatalf("%+v", got)
		}
	}
	if first.PublicKey == "" || first.PublicKey != second.PublicKey || first.ID != second.ID {
		t.Errorf("made anew: %+v, %+v", first, second)
	}
	if !strings.Contains(first.Embed, `data-key="`+first.PublicKey+`"`) || !slices.Equal(first.Bridges, []string{"inbox"}) {
		t.Errorf("%+v", first)
	}
	if got := run(t, dir, "project", "list"); got.status != 0 || !strings.Contains(got.stdout, "https://set.example") {
		t.Errorf("%+v", got)
	}
	key := regexp.MustCompile(`sk_[0-9a-z]{50,}`)
	one, two := run(t, dir, "project", "rotate-key", "demo"), run(t, dir, "project", "rotate-key", "demo", "--overlap", "7d")
	if a, b := key.FindString(one.stdout), key.FindString(two.stdout); a == "" || a == b {
		t.Errorf("keys %q and %q", a, b)
	}
	if !strings.Contains(two.stdout, "The one before works for 7d more.") {
		t.Errorf("with an overlap of days: %q", two.stdout)
	}
	complains(t, run(t, dir, "project", "rotate-key", "set"), `error: the secret_key of project "set" stands in config\.hcl: change it there and reload`)
	complains(t, run(t, dir, "project", "rotate-key"), `error: pocketping project rotate-key needs the name of one project: .*`)
}
