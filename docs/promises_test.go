package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var (
	proofName = regexp.MustCompile(`\b(?:Test|Fuzz|Example)[A-Z]\w+`)
	proofFile = regexp.MustCompile("`([a-z0-9_/]+_test\\.go)`")
)

// A proof that promises.md names is one that exists.
func TestEveryProofExists(t *testing.T) {
	text, err := os.ReadFile("promises.md")
	if err != nil {
		t.Fatal(err)
	}
	var tests strings.Builder
	err = filepath.WalkDir("..", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return skip(err)
		}
		if strings.HasSuffix(path, "_test.go") {
			var b []byte
			b, err = os.ReadFile(path)
			tests.Write(b)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := proofName.FindAllString(string(text), -1)
	if len(names) < 50 {
		t.Fatalf("only %d proofs", len(names))
	}
	for _, name := range names {
		if !strings.Contains(tests.String(), "func "+name+"(") {
			t.Errorf("promises.md names %s, which does not exist", name)
		}
	}
	for _, m := range proofFile.FindAllStringSubmatch(string(text), -1) {
		if strings.Contains(m[1], "/") {
			if _, err := os.Stat(filepath.Join("..", m[1])); err != nil {
				t.Errorf("promises.md names a file that does not exist: %v", err)
			}
		}
	}
}

func skip(err error) error {
	if err != nil {
		return err
	}
	return filepath.SkipDir
}
