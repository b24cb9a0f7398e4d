package host_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/sdk/plugin"
)

// A plugin of another user has that user's rights alone, and everything works. Who may
// not start one is told so, with what to do.
func TestPluginOfAnotherUser(t *testing.T) {
	t.Parallel()
	nobody := host.Limits{User: "nobody"}
	var wrong *host.ConfigError
	if err := (host.Limits{User: "nobody-like-this"}).Check(); !errors.As(err, &wrong) || wrong.Field != "user" || !strings.Contains(wrong.Reason, "there is no user") {
		t.Errorf("a user that is none: %v", err)
	}
	if err := nobody.Check(); os.Geteuid() != 0 {
		if !errors.As(err, &wrong) || wrong.Field != "user" || !strings.Contains(wrong.Reason, "it needs root's rights") {
			t.Errorf("without the right: %v", err)
		}
		return
	} else if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "pocketping-nobody-") // t.TempDir is this user's alone
	must(t, err)
	t.Cleanup(func() { must(t, os.RemoveAll(dir)) })
	path := filepath.Join(dir, "fixture")
	put(t, path, "1.0:")
	w := newWorld(t)
	spec := w.spec(func(s *host.Spec) { s.Path, s.Limits = path, nobody })
	if _, err := w.host.Check(t.Context(), spec); err == nil || !strings.Contains(err.Error(), "may not be executed by the user nobody") {
		t.Errorf("a folder that it cannot enter: %v", err)
	}
	must(t, os.Chmod(dir, 0o755))
	must(t, os.Chmod(path, 0o755))
	w.host.Run(spec)
	anna := w.visitor("Anna")
	anna.say("hello")
	w.delivered("hello")

	w.platform.updates <- update{Inbound: plugin.Inbound{EffectKey: "1", Kind: plugin.InboundMessage, Thread: "T-" + anna.session, ExternalID: "x", Text: "with a file"}, Save: "over the host's socket"}
	if u := <-w.platform.acked; u.Err != "" || u.File != "over the host's socket" {
		t.Errorf("what it reports: %+v", u)
	}
	handler, _, _ := w.host.Handler(bridgeID)
	if code, body := get(t, handler, "/plugins/"+bridgeID+"/projects"); code != 200 || !strings.Contains(body, "acme") {
		t.Errorf("its page: %d %s", code, body)
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", w.platform.pid(t)))
	must(t, err)
	for line := range strings.Lines(string(status)) {
		if f := strings.Fields(line); f[0] == "Uid:" && strings.Contains(line, "\t0") || f[0] == "Groups:" && len(f) > 1 {
			t.Errorf("its rights: %s", line)
		}
	}
	found, err := w.host.Check(t.Context(), spec)
	must(t, err)
	for _, f := range found {
		if f.Name == "HOME" && f.Text == os.Getenv("HOME") {
			t.Errorf("its home is %s", f.Text)
		}
	}
	w.status("well", func(s core.BridgeStatus) bool { return s.State == "running" && s.LastError == "" })
}
