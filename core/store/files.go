package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Files keeps attachments in a folder. It implements core.Files.
type Files struct{ dir string }

var _ core.Files = (*Files)(nil)

// DiskFiles keeps attachments under dir, which is made if need be.
func DiskFiles(dir string) (*Files, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("cannot keep files in %s (%s): give this process the right to write there", dir, cause(err))
	}
	f := &Files{dir: dir}
	f.sweep()
	return f, nil
}

// leftover is how old a file is that nobody still writes.
const leftover = 24 * time.Hour

// sweep removes what was being saved when a server died.
func (f *Files) sweep() {
	begun, _ := filepath.Glob(filepath.Join(f.dir, uploading)) // the pattern is right
	for _, path := range begun {
		if info, err := os.Stat(path); err == nil && time.Since(info.ModTime()) > leftover {
			_ = os.Remove(path) // the next start tries again
		}
	}
}

// uploading is the name of a file that is not whole yet.
const uploading = ".upload-*"

var fileID = regexp.MustCompile(`^att_[0-9a-z]{8,64}$`)

// path is where the file of an attachment lies: two levels by the id's random
// end, so that no folder grows large.
func (f *Files) path(id string) (string, error) {
	if !fileID.MatchString(id) {
		return "", core.Errorf(core.CodeNotFound, "no attachment of this id")
	}
	n := len(id)
	return filepath.Join(f.dir, id[n-2:], id[n-4:n-2], id), nil
}

// Save implements core.Files: the file appears under its name only when it is
// whole and on the disk.
func (f *Files) Save(ctx context.Context, attachmentID string, r io.Reader) (int64, error) {
	path, err := f.path(attachmentID)
	if err != nil {
		return 0, err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return 0, core.Unavailable(err)
	}
	tmp, err := os.CreateTemp(f.dir, uploading)
	if err != nil {
		return 0, core.Unavailable(err)
	}
	defer func() {
		_ = tmp.Close()
		_ = os.Remove(tmp.Name()) // gone already when all went well
	}()
	src := &source{ctx: ctx, r: r}
	n, err := io.Copy(tmp, src)
	if src.err != nil {
		return 0, src.err // the sender's failure, not the disk's
	}
	if err == nil {
		err = tmp.Sync()
	}
	if err == nil {
		err = os.Rename(tmp.Name(), path)
	}
	if err == nil {
		err = f.syncFolders(path)
	}
	if err != nil {
		return 0, core.Unavailable(err)
	}
	return n, nil
}

// syncFolders makes the new name last, too.
func (f *Files) syncFolders(path string) error {
	inner := filepath.Dir(path)
	for _, dir := range []string{inner, filepath.Dir(inner), f.dir} {
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		_ = d.Sync() // some systems cannot sync a folder
		_ = d.Close()
	}
	return nil
}

// source remembers that reading failed, and ends with ctx.
type source struct {
	ctx context.Context
	r   io.Reader
	err error
}

func (s *source) Read(p []byte) (int, error) {
	if err := s.ctx.Err(); err != nil {
		s.err = err
		return 0, err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// Open implements core.Files.
func (f *Files) Open(_ context.Context, attachmentID string) (io.ReadSeekCloser, error) {
	path, err := f.path(attachmentID)
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, core.Errorf(core.CodeNotFound, "the file of %s is not here", attachmentID)
	}
	if err != nil {
		return nil, core.Unavailable(err)
	}
	return file, nil
}

// Remove implements core.Files; a file that is not there is no failure.
func (f *Files) Remove(_ context.Context, attachmentID string) error {
	path, err := f.path(attachmentID)
	if err != nil {
		return err
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return core.Unavailable(err)
	}
	return nil
}
