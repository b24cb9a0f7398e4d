package conformance_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/conformance"
)

// The test binary is also the plugin and its platform.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) > 2 && os.Args[1] == "plugin":
		runPlugin(os.Args[2])
	case len(os.Args) > 1 && os.Args[1] == "driver":
		runDriver()
	default:
		os.Exit(m.Run())
	}
}

// conform runs checks of the plugin with this fault.
func conform(t *testing.T, fault string, only ...string) conformance.Report {
	t.Helper()
	t.Setenv("TMPDIR", shortDir(t))
	return conformHere(t, fault, only...)
}

func conformHere(t *testing.T, fault string, only ...string) conformance.Report {
	t.Helper()
	report, err := conformance.Run(t.Context(), conformance.Options{
		Binary: os.Args[0], Args: []string{"plugin", fault}, Driver: []string{os.Args[0], "driver"}, Only: only, Within: busy,
		Env: []string{"GORACE=atexit_sleep_ms=0"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// shortDir is a folder whose name leaves room for a socket's.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "k")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	return dir
}

func TestARightPluginPasses(t *testing.T) {
	report := conform(t, "none")
	for _, c := range report.Checks {
		if c.Status != conformance.Pass && (c.Status == conformance.Fail || !mayBeLeft[c.Name]) {
			t.Errorf("%s %s: %s", c.Name, c.Status, c.Happened)
		}
		if c.Expected == "" || c.Happened == "" {
			t.Errorf("%s has no words: %+v", c.Name, c)
		}
	}
	passed, failed, skipped := report.Counts()
	t.Logf("%d passed, %d failed, %d left out, in %s", passed, failed, skipped, report.Took)
	if passed < 100 || report.Plugin != "chat 1.0" {
		t.Errorf("%s: %d passed, in %s", report.Plugin, passed, report.Took)
	}
	left, err := os.ReadDir(os.Getenv("TMPDIR"))
	if err != nil || len(left) > 0 {
		t.Errorf("the kit leaves %v behind, %v", left, err)
	}
}

// mayBeLeft are checks that do not apply to the tests' plugin.
var mayBeLeft = map[string]bool{"deliver/read": true, "record/state": true}

// wrong are plugins that do one thing wrong, and the check that says so. Some faults show
// in what other checks have made the plugin do.
var wrong = []struct{ fault, check, after string }{
	{"runs by hand", "handshake/cookie", ""},
	{"greets on stdout", "handshake/line", ""},
	{"speaks version 9", "handshake/line", ""},
	{"listens elsewhere", "handshake/socket", ""},
	{"changes its mind", "describe/stable", ""},
	{"has no name", "describe/name", ""},
	{"has no version", "describe/version", ""},
	{"is of no kind", "describe/kind", ""},
	{"takes the core's field", "describe/fields", ""},
	{"has a default of another type", "describe/defaults", ""},
	{"tells its secret", "describe/secrets", ""},
	{"wants what there is not", "describe/events", ""},
	{"limits nothing", "describe/limits", ""},
	{"opens everything", "describe/public-paths", ""},
	{"cannot say what it cannot", "describe/cannot", ""},
	{"names no field", "start/missing", ""},
	{"names no field", "start/wrong-type", ""},
	{"quotes secrets", "start/secret-unsaid", ""},
	{"starts twice", "start/twice", ""},
	{"delivers before Start", "start/before", ""},
	{"calls in Start", "start/quiet", ""},
	{"calls in Start", "start/offline", ""},
	{"dies of strange state", "start/state", ""},
	{"forgets receipts", "deliver/opened", ""},
	{"links nothing", "deliver/links", ""},
	{"opens thread after thread", "deliver/thread-once", ""},
	{"knows one thread", "deliver/own-threads", ""},
	{"turns around", "deliver/order", ""},
	{"edits nothing", "deliver/edit", ""},
	{"deletes nothing", "deliver/delete", ""},
	{"shows what is deleted", "deliver/tombstone", ""},
	{"sends twice", "deliver/repeated", ""},
	{"sends twice", "deliver/uncertain", ""},
	{"receipts typing", "deliver/typing", ""},
	{"takes any generation", "deliver/generation", ""},
	{"erases nothing", "deliver/erased", ""},
	{"cuts texts", "content/long", ""},
	{"numbers parts from 7", "content/long", ""},
	{"shows ASCII", "content/unicode", ""},
	{"drops files", "content/file", ""},
	{"needs a visitor", "newer/empty", ""},
	{"needs words it knows", "newer/events", ""},
	{"tells no wait", "failure/wait", ""},
	{"waits for nobody's scope", "failure/wait", ""},
	{"gives up at once", "failure/error", ""},
	{"does one at a time", "failure/slow", ""},
	{"knows no gone thread", "failure/gone", ""},
	{"fails without words", "failure/words", "failure/error"},
	{"records nothing", "record/before-next", ""},
	{"waits for no ack", "record/waits", ""},
	{"counts backwards", "record/grow", ""},
	{"links to nobody", "record/well-formed", "deliver/posted"},
	{"answers for others", "record/well-formed", "deliver/posted"},
	{"shouts", "inbound/message", ""},
	{"knows no operator", "inbound/message", ""},
	{"keys by thread", "inbound/keys", ""},
	{"acks before the commit", "inbound/acked-after", ""},
	{"keys by chance", "inbound/resent", ""},
	{"gives up what is busy", "inbound/busy", ""},
	{"knows no refusal", "inbound/refused", ""},
	{"keys by arrival", "inbound/twice", ""},
	{"keys by message", "inbound/edit", ""},
	{"hears no delete", "inbound/delete", ""},
	{"hears no close", "inbound/close", ""},
	{"quotes nothing", "inbound/reply", ""},
	{"uploads nothing", "inbound/file", ""},
	{"dies of oddities", "inbound/odd", ""},
	{"echoes", "inbound/own", ""},
	{"dies of strange acks", "inbound/strange-acks", ""},
	{"counts no refs", "inbound/well-formed", "inbound/keys"},
	{"shows no token", "inbound/well-formed", "content/file"},
	{"fails for everybody", "http/public", ""},
	{"believes everybody", "http/unsigned", ""},
	{"shows its secret", "http/secrets", ""},
	{"takes old projects", "projects/generation", ""},
	{"finds without words", "check/findings", ""},
	{"finds nothing wrong", "check/down", ""},
	{"never stops", "stop/in-time", ""},
	{"works after Stop", "stop/refuses", ""},
	{"breaks off", "stop/drains", ""},
	{"outlives its host", "orphan/host-killed", ""},
	{"logs plain text", "log/json", "start/config"},
	{"logs its secret", "log/secrets", "start/config"},
	{"floods its log", "log/size", "start/config"},
	{"dies of strange state", "log/no-crash", "start/state"},
}

func TestEachWrongPluginFailsItsCheck(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	t.Cleanup(conformance.SetPatience(time.Second))
	t.Run("all", func(t *testing.T) {
		for _, w := range wrong {
			t.Run(w.fault+", "+w.check, func(t *testing.T) {
				t.Parallel()
				report := conformHere(t, w.fault, slices.DeleteFunc([]string{w.after, w.check}, func(s string) bool { return s == "" })...)
				i := slices.IndexFunc(report.Checks, func(c conformance.Check) bool { return c.Name == w.check })
				if c := report.Checks[i]; c.Status != conformance.Fail || len(c.Happened) < 10 {
					t.Errorf("%s is %s: %s", c.Name, c.Status, c.Happened)
				} else {
					t.Log(c.Happened)
				}
			})
		}
	})
}

func TestStatementsAreNamedOnce(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range conformance.Statements() {
		area, name, ok := strings.Cut(s.Name, "/")
		if !ok || area == "" || name == "" || seen[s.Name] || !strings.HasSuffix(s.Expected, ".") {
			t.Errorf("%+v", s)
		}
		seen[s.Name] = true
	}
	if len(seen) < 60 {
		t.Errorf("%d checks", len(seen))
	}
}

func TestWhatCannotBeChecked(t *testing.T) {
	for words, o := range map[string]conformance.Options{
		"there is no plugin at":   {Binary: "/there/is/none"},
		"is a folder":             {Binary: os.TempDir()},
		"there is no check":       {Binary: os.Args[0], Only: []string{"deliver/nothing"}},
		"the config is no JSON":   {Binary: os.Args[0], Config: []byte("[")},
		"the driver":              {Binary: os.Args[0], Driver: []string{"/there/is/none"}},
		"the driver's first line": {Binary: os.Args[0], Driver: []string{"/bin/echo", "hello"}},
	} {
		if _, err := conformance.Run(context.Background(), o); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%v, want %q", err, words)
		}
	}
}

// What is no plugin at all fails in words, and in time.
func TestWhatIsNoPlugin(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	report, err := conformance.Run(t.Context(), conformance.Options{Binary: "/bin/true"})
	if err != nil {
		t.Fatal(err)
	}
	if passed, failed, skipped := report.Counts(); passed > 2 || failed < 15 || skipped < 100 {
		t.Errorf("/bin/true: %d passed, %d failed, %d left out", passed, failed, skipped)
	}
}
