package widget_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/widget"
)

// TestSizes holds every part to what a visitor on a slow line is promised.
func TestSizes(t *testing.T) {
	fits(t, "widget.js", widget.Script, 7168)
	fits(t, "extra.js", widget.Extra, 5120)
	fits(t, "pow.js", widget.Proof, 1024)
	data, err := filepath.Glob("lang/*.json")
	if err != nil || len(data) != 15 {
		t.Fatalf("%d languages, want 15: %v", len(data), err)
	}
	for _, path := range append(data, "testdata/settings.json") {
		bytes, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		fits(t, path, bytes, 1024)
	}
}

func fits(t *testing.T, name string, file []byte, most int) {
	t.Helper()
	gzip := exec.Command("gzip", "-9", "-n")
	gzip.Stdin = bytes.NewReader(file)
	packed, err := gzip.Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s: %d bytes, %d gzipped, at most %d", name, len(file), len(packed), most)
	if len(packed) > most {
		t.Errorf("%s is %d bytes gzipped, at most %d", name, len(packed), most)
	}
}

// TestLanguages: each says all that English does, in its own words.
func TestLanguages(t *testing.T) {
	english := words(t, "en")
	for _, code := range []string{"fr", "de", "es", "pt", "it", "nl", "pl", "tr", "ar", "he", "ja", "zh", "ru", "uk"} {
		theirs, same := words(t, code), 0
		if theirs["code"] != code || (theirs["dir"] == "rtl") != (code == "ar" || code == "he") {
			t.Errorf("%s: code %q, dir %q", code, theirs["code"], theirs["dir"])
		}
		for name, word := range english {
			if theirs[name] == "" || strings.Count(theirs[name], "{}") != strings.Count(word, "{}") {
				t.Errorf("%s: %s is %q, in English %q", code, name, theirs[name], word)
			}
			if theirs[name] == word && name != "dir" {
				same++
			}
		}
		if len(theirs) != len(english) || same > 6 {
			t.Errorf("%s has %d words, %d of them English; English has %d", code, len(theirs), same, len(english))
		}
	}
	if got := words(t, "", "sv", "pt-BR", "fr")["code"]; got != "pt" {
		t.Errorf("the first language that is spoken is %s", got)
	}
	if got := words(t, "../lang/fr", "xx")["code"]; got != "en" {
		t.Errorf("where none is spoken it is %s", got)
	}
}

func words(t *testing.T, wanted ...string) (words map[string]string) {
	t.Helper()
	if err := json.Unmarshal(widget.Words(wanted...), &words); err != nil {
		t.Fatalf("%v: %v", wanted, err)
	}
	return words
}

// TestDistIsUpToDate builds the bundles as the go:generate lines of embed.go say,
// elsewhere, and compares.
func TestDistIsUpToDate(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"widget/src", "widget/lang", "tools"} {
		if err := os.CopyFS(filepath.Join(dir, name), os.DirFS(filepath.Join("..", name))); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"go.mod", "go.sum", "widget/package.json"} {
		text, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	source, err := os.ReadFile("embed.go")
	if err != nil {
		t.Fatal(err)
	}
	built := 0
	for line := range strings.Lines(string(source)) {
		command, ok := strings.CutPrefix(strings.TrimSpace(line), "//go:generate ")
		if !ok {
			continue
		}
		words := strings.Fields(command)
		build := exec.Command(words[0], words[1:]...)
		build.Dir = filepath.Join(dir, "widget")
		build.Env = append(os.Environ(), "PWD="+build.Dir)
		if out, err := build.CombinedOutput(); err != nil {
			t.Fatalf("%s: %v\n%s", command, err, out)
		}
		built++
	}
	if built == 0 {
		t.Fatal("embed.go says nothing about how to build")
	}
	committed, err := filepath.Glob("dist/*")
	if err != nil || len(committed) == 0 {
		t.Fatal("nothing in dist", err)
	}
	for _, path := range committed {
		want, err := os.ReadFile(filepath.Join(dir, "widget", path))
		if err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is not what its sources build: run go generate ./widget", path)
		}
	}
}
