package main

import (
	"context"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
)

// bins are the programs, which are built once.
var (
	folder string
	built  = sync.OnceValues(func() (harness.Bins, error) {
		return harness.Build(context.Background(), "..", folder, false, bridges...)
	})
)

func TestMain(m *testing.M) {
	var err error
	if folder, err = os.MkdirTemp("", "chaos-bin-"); err != nil {
		panic(err)
	}
	code := m.Run()
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

// The short form of R3: the core and every plugin are killed about every second while
// a fifth of all calls fail. `make chaos` shows the same at full size.
func TestKilledAndFailing(t *testing.T) {
	t.Parallel()
	playShort(t, "both")
}

// The short form of R11: the disk is full, nothing can be written, Postgres ends.
func TestNothingCanBeStored(t *testing.T) {
	t.Parallel()
	playShort(t, "full", "readonly", "postgres")
}

// The short form of R7: each platform is out of reach for a while.
func TestOnePlatformIsOutOfReach(t *testing.T) {
	t.Parallel()
	playShort(t, "down")
}

func playShort(t *testing.T, names ...string) {
	bins, err := built()
	if err != nil {
		t.Fatal(err)
	}
	picked, err := pick(names)
	if err != nil {
		t.Fatal(err)
	}
	for _, sc := range picked {
		for _, database := range []string{"sqlite", "postgres"} {
			if !sc.runsOn(database) {
				continue
			}
			t.Run(sc.name+" "+database, func(t *testing.T) {
				t.Parallel()
				l := lab{bins: bins, dir: t.TempDir(), seed: 20261123, size: short, say: func(text string) { t.Log(text) }}
				r := l.play(t.Context(), sc, database)
				t.Logf("%s; %s; %s; %s; %v", r.Load, r.Faults, r.tally, r.doubles(), r.Figures)
				for _, broken := range r.Broken {
					t.Errorf("seed %d: %s", l.seed, broken)
				}
			})
		}
	}
}

func TestCompareCountsEachFault(t *testing.T) {
	t.Parallel()
	want := strings.Fields("a b c d")
	for got, counted := range map[string]tally{
		"a b c d":   {},
		"a x b c d": {}, // nobody asks about x
		"a b d":     {Lost: 1},
		"a b b c d": {Twice: 1},
		"a c b d":   {Reordered: 2},
		"":          {Lost: 4},
		"d d a":     {Lost: 2, Twice: 1, Reordered: 2},
	} {
		if t1 := compare(strings.Fields(got), want); t1 != counted {
			t.Errorf("%q has %s, not %s", got, t1, counted)
		}
	}
}

func TestDoublesAreExcusedByCrashesOnce(t *testing.T) {
	t.Parallel()
	at := func(second int) time.Time { return time.Unix(int64(second), 0) }
	crashes := []time.Time{at(10), at(20)}
	for name, test := range map[string]struct {
		again []repeat
		more  int
	}{
		"one each":                  {[]repeat{{1, at(9), at(11)}, {2, at(9), at(12)}, {1, at(19), at(21)}}, 0},
		"two after one crash":       {[]repeat{{1, at(9), at(11)}, {1, at(9), at(12)}}, 1},
		"two between two crashes":   {[]repeat{{1, at(9), at(21)}, {1, at(9), at(22)}}, 0},
		"before there was a one":    {[]repeat{{1, at(8), at(9)}}, 1},
		"none between the two":      {[]repeat{{1, at(12), at(19)}}, 1},
		"sent by one that was dead": {[]repeat{{1, at(11), at(12)}}, 0},
	} {
		if more := beyond(test.again, crashes); more != test.more {
			t.Errorf("%s: %d too many, not %d", name, more, test.more)
		}
	}
}

func TestWordsAreFoundInWhatIsShown(t *testing.T) {
	t.Parallel()
	a, b := word(visitors, 12, 345), word('t', 0, 99999)
	if got := wordsIn("Anna: " + a + "\n" + b + " (edited) v12n3"); !slices.Equal(got, []string{a, b}) {
		t.Errorf("it finds %q", got)
	}
	if n := sessionOf(a); n != 12 {
		t.Errorf("%s is of session %d", a, n)
	}
}

func TestTheTableTakesItsPlaceInThePage(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "page.md")
	page := "before\n" + tableBegins + "\nstale\n" + tableEnds + "\nafter\n"
	if err := os.WriteFile(file, []byte(page), 0o600); err != nil {
		t.Fatal(err)
	}
	r := report{Rows: []row{{Made: facts{Seed: 7}, Scenario: "both", Promise: "R3", Database: "sqlite", tally: tally{Lost: 3}, Broken: []string{"3 lost"}}}}
	for range 2 {
		if err := r.saveMarkdown(file); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	for _, want := range []string{"before\n" + tableBegins, "seed 7", "| R3 | both | sqlite |", "| 3 | 0 | 0 |", "| NO |", "3 lost", tableEnds + "\nafter\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q:\n%s", want, text)
		}
	}
	if strings.Contains(text, "stale") || strings.Count(text, "seed 7") != 1 {
		t.Errorf("the page has a stale table:\n%s", text)
	}
	if err := r.broken(); err == nil || !strings.Contains(err.Error(), "both on sqlite: 3 lost") {
		t.Errorf("it says %v", err)
	}
	if err := os.WriteFile(file, []byte("no markers"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := r.saveMarkdown(file); err == nil || !strings.Contains(err.Error(), "has no lines") {
		t.Errorf("a page without markers: %v", err)
	}
}

// A run of one scenario leaves what others have brought.
func TestResultsOfOtherRunsStay(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "results.json")
	for _, r := range []report{
		{Rows: []row{{Scenario: "soak", Database: "sqlite", Load: "stays"}, {Scenario: "core", Database: "sqlite", Load: "goes"}}},
		{Rows: []row{{Scenario: "core", Database: "sqlite", Load: "new"}}},
		{Rows: []row{{Scenario: "core", Database: "postgres", Load: "other"}}},
	} {
		if err := r.save(file, ""); err != nil {
			t.Fatal(err)
		}
	}
	all, err := report{}.and(file)
	if err != nil {
		t.Fatal(err)
	}
	var loads []string
	for _, r := range all.Rows {
		loads = append(loads, r.Load)
	}
	if want := []string{"new", "other", "stays"}; !slices.Equal(loads, want) {
		t.Errorf("there are %q, want %q", loads, want)
	}
	if err := os.WriteFile(file, []byte("no JSON"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := (report{}).save(file, ""); err == nil || !strings.Contains(err.Error(), "is not what a run before has written") {
		t.Errorf("a file that is something else: %v", err)
	}
}

func TestCommandsThatAreWrong(t *testing.T) {
	t.Parallel()
	for args, want := range map[string]string{
		"-only nobody": `no scenario "nobody"`,
		"-size huge":   "full, medium and short",
		"-seed x":      flag.ErrHelp.Error(),
	} {
		if err := command(context.Background(), strings.Fields(args), &strings.Builder{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", args, err)
		}
	}
	var listed strings.Builder
	if err := command(context.Background(), []string{"-list"}, &listed); err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if !strings.Contains(listed.String(), s.name) {
			t.Errorf("%s is not listed", s.name)
		}
	}
}
