package conformance_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/harness"
	"github.com/pocketping/pocketping/internal/visitor"
	"github.com/pocketping/pocketping/sdk/plugin/conformance"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest/simulator"
)

// buildFirst compiles the bridge that is in testdata with the SDK as it first landed
// (commit e5cde33).
func buildFirst(t *testing.T, bin string) string {
	t.Helper()
	out := filepath.Join(bin, "first")
	cmd := exec.CommandContext(t.Context(), "go", "build", "-ldflags=-s -w", "-o", out, ".")
	cmd.Dir, cmd.Env = filepath.Join("testdata", "firstsdk"), append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=-mod=readonly", "GOWORK=off")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("the first SDK's bridge: %v\n%s", err, text)
	}
	return out
}

// A plugin of the first SDK passes the kit of today, and serves in the core of today.
func TestAPluginOfTheFirstSDKRuns(t *testing.T) {
	t.Setenv("TMPDIR", shortDir(t))
	t.Cleanup(conformance.SetPatience(20 * time.Second))
	bin := t.TempDir()
	first := buildFirst(t, bin)
	t.Run("all", func(t *testing.T) {
		t.Run("in the kit", func(t *testing.T) {
			t.Parallel()
			conforms(t, conformance.Options{Binary: first, Driver: []string{os.Args[0], "driver"}, Short: true}, 110)
		})
		t.Run("in the core", func(t *testing.T) {
			t.Parallel()
			servesInTheCore(t, bin, first)
		})
	})
}

const (
	pageKey = "pk_000000000000000000000000000000000000000000000000kit1"
	patient = time.Minute
)

func servesInTheCore(t *testing.T, bin, first string) {
	c := newChat()
	if err := c.door.Open(); err != nil {
		t.Fatal(err)
	}
	defer c.door.Shut()
	server, err := harness.New(harness.Bins{Pocketping: build(t, bin, ""), Plugins: bin}, t.TempDir(), fmt.Sprintf(`
server { listen = "{{listen}}" }
database { url = "sqlite:first.db" }
plugins { dir = "{{plugins}}" }
project "acme" {
  origins    = ["http://{{listen}}"]
  public_key = %q
  bridge "first" {
    command  = [%q]
    platform = %q
    token    = "secret-of-the-first-bridge"
  }
}`, pageKey, first, "http://"+c.door.Addr))
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = server.Kill() }()
	ctx, cancel := context.WithTimeout(t.Context(), patient)
	defer cancel()
	v := visitor.Open(ctx, visitor.Options{URL: "ws://" + server.Addr + "/v1/socket", Key: pageKey, Origin: server.URL})
	v.Post(ctx, "is anybody there?")
	thread := c.threadThatSays(ctx, "is anybody there?")
	if thread == "" {
		t.Fatalf("nothing reaches the platform\n%s", server.Log())
	}
	if _, err := c.control().Say(simulator.Said{Thread: thread, Operator: "Olga", Text: "yes, all the time"}); err != nil {
		t.Fatal(err)
	}
	err = v.Wait(ctx, func(s visitor.State) bool {
		return slices.ContainsFunc(s.Events, func(e visitor.Event) bool { return e.Message != nil && e.Message.Text == "yes, all the time" })
	})
	if err != nil {
		t.Fatalf("the answer does not come back: %v\n%s", err, server.Log())
	}
}

// threadThatSays waits for a thread with the text in it.
func (c *chat) threadThatSays(ctx context.Context, text string) string {
	for {
		c.mu.Lock()
		changed := c.changed
		for thread, posts := range c.threads {
			if slices.ContainsFunc(posts, func(p *post) bool { return p.Text == text }) {
				c.mu.Unlock()
				return thread
			}
		}
		c.mu.Unlock()
		select {
		case <-changed:
		case <-ctx.Done():
			return ""
		}
	}
}
