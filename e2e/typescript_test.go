package e2e

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pocketping/pocketping/internal/visitor"
)

// The client that is made from the API's description holds a conversation with the
// real server, as Node's users install it.
func TestTypeScriptClient(t *testing.T) {
	dir := t.TempDir()
	packed := npm(t, "../sdk/typescript", "pack", "--silent", "--pack-destination", dir)
	npm(t, dir, "install", "--silent", "--no-audit", "--no-fund", "--prefer-offline", filepath.Join(dir, strings.TrimSpace(packed)))
	script, err := os.ReadFile("../sdk/typescript/test/conversation.mjs")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "conversation.mjs"), script, 0o600); err != nil {
		t.Fatal(err)
	}

	w := &world{t: t}
	w.launch(fmt.Sprintf(`
server   { listen = "{{listen}}" }
plugins  { dir = "{{plugins}}" }
project "acme" {
  name       = "Acme"
  origins    = ["http://{{listen}}"]
  public_key = %q
  secret_key = %q
}
bridge "inbox" {}
`, publicKey, secretKey), secretKey)
	anna := w.visitorNamed("Anna")

	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "node", "conversation.mjs")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "URL="+w.core.URL, "SECRET="+secretKey)
	var complaints strings.Builder
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	asks := bufio.NewScanner(out)
	said := ""
	for asks.Scan() {
		said = asks.Text()
		w.play(anna, said)
		if _, err := io.WriteString(in, "\n"); err != nil && said != "done" {
			t.Fatal(err)
		}
	}
	if err := cmd.Wait(); err != nil || said != "done" {
		t.Fatalf("the conversation ended after %q: %v\n%s", said, err, complaints.String())
	}
}

// play does what the back end's script waits for.
func (w *world) play(anna *visitor.Visitor, what string) {
	w.t.Helper()
	verb, rest, _ := strings.Cut(what, " ")
	switch verb {
	case "say":
		w.posts(anna, rest)
	case "stranger":
		w.posts(w.visitorNamed("Bea"), rest)
	case "emitted":
		ctx, cancel := context.WithTimeout(w.t.Context(), patience)
		defer cancel()
		if err := anna.Wait(ctx, func(s visitor.State) bool { return slices.Contains(s.Emits, rest) }); err != nil {
			w.t.Fatalf("emit %q: %v", rest, err)
		}
	case "restart":
		if err := w.core.Kill(); err != nil {
			w.t.Fatal(err)
		}
		w.start()
	case "done":
	default:
		w.t.Errorf("the script says %q", what)
	}
}

// posts waits until what the visitor says is stored.
func (w *world) posts(v *visitor.Visitor, text string) {
	w.t.Helper()
	post := v.Post(w.t.Context(), text)
	select {
	case <-post.Acked:
	case <-time.After(patience):
		w.t.Fatal("not stored: " + text)
	}
}

func npm(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "npm", args...)
	cmd.Dir = dir
	var complaints strings.Builder
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("npm %s: %v\n%s%s", strings.Join(args, " "), err, out, complaints.String())
	}
	return string(out)
}
