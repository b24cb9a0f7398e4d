package conformance_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/sdk/plugin/conformance"
)

// own are the project's plugins. One more is one more line: the folder of its main, the
// folder of its driver's, and what else its block needs. atLeast is how many checks have
// to apply and pass, so that none is left out unseen.
var own = []struct {
	plugin, driver string
	args           []string
	config         string
	atLeast        int
}{
	{plugin: "plugins/telegram", driver: "plugins/telegram/telegramtest/cmd", args: []string{"-control"}, atLeast: 115},
	{plugin: "plugins/discord", driver: "plugins/discord/discordtest/cmd", args: []string{"-control"}, atLeast: 115},
	{plugin: "plugins/slack", driver: "plugins/slack/slacktest/cmd", args: []string{"-control"}, atLeast: 120},
	{plugin: "plugins/mattermost", driver: "plugins/mattermost/mattermosttest/cmd", args: []string{"-control"}, atLeast: 115},
	{plugin: "plugins/inbox", driver: "plugins/inbox/inboxtest/cmd", atLeast: 100},
	{plugin: "plugins/email", driver: "plugins/email/emailtest/cmd", atLeast: 85},
	{plugin: "plugins/webhook", config: `{"url": "{receiver}/hook", "secret": "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", "allow_private": true}`, atLeast: 85},
	{plugin: "plugins/posthog", config: `{"api_key": "phc_of_the_conformance_kit", "host": "{receiver}", "text": true, "allow_private": true}`, atLeast: 85},
}

func TestOwnPluginsConform(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	t.Cleanup(conformance.SetPatience(20 * time.Second))
	bin := t.TempDir()
	t.Run("all", func(t *testing.T) {
		for _, p := range own {
			t.Run(filepath.Base(p.plugin), func(t *testing.T) {
				t.Parallel()
				o := conformance.Options{Binary: build(t, bin, p.plugin), Config: []byte(p.config), Short: true}
				if p.driver != "" {
					o.Driver = append([]string{build(t, bin, p.driver)}, p.args...)
				}
				conforms(t, o, p.atLeast)
			})
		}
	})
}

// busy is how long the checks may take while many tests share the machine.
const busy = 3 * time.Minute

// conforms fails the test for each check that failed.
func conforms(t *testing.T, o conformance.Options, atLeast int) {
	t.Helper()
	o.Within = busy
	report, err := conformance.Run(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Failed() {
		t.Errorf("%s: %s\nexpected: %s", c.Name, c.Happened, c.Expected)
	}
	passed, failed, skipped := report.Counts()
	t.Logf("%s: %d passed, %d failed, %d left out, in %.1f s", report.Plugin, passed, failed, skipped, report.Took.Seconds())
	if passed < atLeast {
		t.Errorf("%d passed, of at least %d", passed, atLeast)
	}
}

// build compiles a program of the module as it is shipped.
func build(t *testing.T, bin, folder string) string {
	t.Helper()
	out := filepath.Join(bin, strings.ReplaceAll("built/"+folder, "/", "-"))
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", out, "./"+folder)
	cmd.Dir, cmd.Env = filepath.Join("..", "..", ".."), append(os.Environ(), "CGO_ENABLED=0")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", folder, err, text)
	}
	return out
}
