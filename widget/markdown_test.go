package widget_test

import (
	"os/exec"
	"path/filepath"
	"testing"
)

// TestMarkdownOfStrangers: whatever somebody writes becomes nodes of a few kinds, which lead to web
// pages alone and show nothing that was not written, in a time that nobody can make long.
func TestMarkdownOfStrangers(t *testing.T) {
	t.Parallel()
	script := filepath.Join(t.TempDir(), "markdown.mjs")
	build := exec.Command("go", "tool", "-modfile=../tools/go.mod", "esbuild", "src/markdown.ts", "--bundle", "--format=esm", "--target=es2022", "--tsconfig-raw={}", "--log-level=warning", "--outfile="+script)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	out, err := exec.Command("node", "testdata/markdown.mjs", script, "7", "20000").CombinedOutput()
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	t.Logf("%s", out)
}
