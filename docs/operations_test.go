package docs

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var metricName = regexp.MustCompile(`pocketping_[a-z_]+`)

// An alert on a metric that nobody gives never comes.
func TestMetricsOfTheGuideExist(t *testing.T) {
	guide, err := os.ReadFile("operations.md")
	if err != nil {
		t.Fatal(err)
	}
	rules, err := os.ReadFile("prometheus/pocketping.rules.yml")
	if err != nil {
		t.Fatal(err)
	}
	var source strings.Builder
	err = filepath.WalkDir("../core", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		b, err := os.ReadFile(path)
		source.Write(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	names := metricName.FindAllString(string(guide)+string(rules), -1)
	if len(names) < 14 {
		t.Fatalf("only %d metrics", len(names))
	}
	for _, name := range names {
		if !strings.Contains(source.String(), `"`+strings.TrimSuffix(name, "_bucket")+`"`) {
			t.Errorf("operations.md, or its alerts, name %s, which does not exist", name)
		}
	}
}
