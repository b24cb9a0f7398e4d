package store

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "files")
	f, err := DiskFiles(dir)
	must(t, err)
	id := core.NewID(core.KindAttachment)
	n, err := f.Save(ctx(t), id, strings.NewReader("content"))
	must(t, err)
	equal(t, "size", n, 7)
	r, err := f.Open(ctx(t), id)
	must(t, err)
	b, err := io.ReadAll(r)
	must(t, err)
	must(t, r.Close())
	equal(t, "content", string(b), "content")

	half := core.NewID(core.KindAttachment)
	broken := errors.New("the sender is gone")
	_, err = f.Save(ctx(t), half, io.MultiReader(strings.NewReader("half"), iotest.ErrReader(broken)))
	equal(t, "the sender's own error", errors.Is(err, broken), true)
	_, err = f.Open(ctx(t), half)
	wantCode(t, err, core.CodeNotFound)
	left, err := filepath.Glob(filepath.Join(dir, ".upload-*"))
	must(t, err)
	equal(t, "temporary files", len(left), 0)

	must(t, f.Remove(ctx(t), id))
	must(t, f.Remove(ctx(t), id))
	_, err = f.Open(ctx(t), id)
	wantCode(t, err, core.CodeNotFound)
	for _, bad := range []string{"", "att_", "att_../../../../etc/passwd", "att_" + strings.Repeat("a", 99), "msg_0123456789"} {
		_, err = f.Save(ctx(t), bad, strings.NewReader("x"))
		wantCode(t, err, core.CodeNotFound)
	}
	entries, err := os.ReadDir(dir)
	must(t, err)
	equal(t, "folders", len(entries) <= 2, true)
}

// What a server left half-way when it died goes when one starts a day later.
func TestLeftoversGo(t *testing.T) {
	dir := t.TempDir()
	old, young := filepath.Join(dir, ".upload-1"), filepath.Join(dir, ".upload-2")
	for _, path := range []string{old, young} {
		must(t, os.WriteFile(path, []byte("half"), 0o600))
	}
	must(t, os.Chtimes(old, time.Time{}, time.Now().Add(-25*time.Hour)))
	_, err := DiskFiles(dir)
	must(t, err)
	_, err = os.Stat(old)
	equal(t, "an old one is gone", errors.Is(err, os.ErrNotExist), true)
	_, err = os.Stat(young)
	must(t, err)
}
