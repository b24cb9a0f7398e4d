package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzConfig: whatever the file holds, it is a configuration or says where it is none.
func FuzzConfig(f *testing.F) {
	pairs, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(pairs) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, path := range pairs {
		pair, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		source, _, _ := strings.Cut(string(pair), separator)
		f.Add([]byte(source))
	}
	f.Fuzz(func(t *testing.T, source []byte) {
		if strings.Contains(string(source), "file(") {
			return // it may name any file of this machine
		}
		c, err := parse("testdata/config.hcl", source)
		if (c == nil) != (err != nil) {
			t.Fatalf("%q: %v and %v", source, c, err)
		}
		if err != nil && !strings.Contains(err.Error(), "config.hcl:") {
			t.Fatalf("%q: the error says not where: %v", source, err)
		}
		if c != nil {
			c.Outline([]byte("key"))
		}
	})
}
