package cli

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestProgress(t *testing.T) {
	for _, failure := range []error{nil, errors.New("the disk is full")} {
		var drawn bytes.Buffer
		step, done := showProgress(&drawn, "shop.zip", 200)
		for range 150 {
			step()
		}
		done(failure)
		if text := drawn.String(); !strings.Contains(text, "shop.zip") || strings.Contains(text, "done!") != (failure == nil) {
			t.Errorf("after %v: %q", failure, text)
		}
	}
	var drawn bytes.Buffer
	for _, w := range []io.Writer{nil, &drawn} { // nobody looks; nothing to do
		step, done := showProgress(w, "shop.zip", 0)
		step()
		done(nil)
	}
	if drawn.Len() > 0 {
		t.Errorf("nothing is drawn as %q", drawn.String())
	}
}

// A file that could not be written whole is not there, and one that was stays.
func TestHalfAFileIsNone(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "x.zip")
	if err := writeFile(path, false, func(w io.Writer) error { _, err := io.WriteString(w, "whole"); return err }); err != nil {
		t.Fatal(err)
	}
	full := errors.New("the disk is full")
	err := writeFile(path, true, func(w io.Writer) error {
		_, _ = io.WriteString(w, "ha")
		return full
	})
	if b, readErr := os.ReadFile(path); !errors.Is(err, full) || readErr != nil || string(b) != "whole" {
		t.Errorf("%q, %v, %v", b, err, readErr)
	}
	if files, _ := os.ReadDir(dir); len(files) != 1 {
		t.Errorf("left behind: %v", files)
	}
}
