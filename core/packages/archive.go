package packages

import (
	"archive/tar"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// What an archive may hold.
const (
	maxArchive  = 300_000_000
	maxFile     = 300_000_000
	maxTotal    = 600_000_000
	maxFiles    = 20_000
	maxManifest = 4 << 20
)

// Archive is one that is on the disk, with its manifest read and checked.
type Archive struct {
	Manifest *Manifest
	Path     string
	SHA256   string // of the whole archive, in hex
	Size     int64
}

// Open reads the archive's manifest; none of its other files is looked at.
func Open(file string) (*Archive, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, errors.Unwrap(err))
	}
	defer func() { _ = f.Close() }()
	a := &Archive{Path: file}
	sum := sha256.New()
	if a.Size, err = io.Copy(sum, io.LimitReader(f, maxArchive+1)); err != nil {
		return nil, fmt.Errorf("%s cannot be read: %w", file, err)
	}
	if a.Size > maxArchive {
		return nil, fmt.Errorf("%s is larger than %d MB: no plugin needs so much", file, maxArchive/1_000_000)
	}
	a.SHA256 = hex.EncodeToString(sum.Sum(nil))
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	tr, err := tarOf(f)
	if err == nil {
		a.Manifest, err = first(tr)
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no archive of a plugin: %w", file, err)
	}
	if _, err := a.Manifest.program(); err != nil { // before anybody is asked whether to install it
		return nil, fmt.Errorf("%s is refused: %w", file, err)
	}
	return a, nil
}

func tarOf(r io.Reader) (*tar.Reader, error) {
	gz, err := gzip.NewReader(r)
	if err != nil {
		return nil, fmt.Errorf("it is no .tar.gz: %w", err)
	}
	return tar.NewReader(gz), nil
}

// first reads the manifest, with which an archive begins.
func first(tr *tar.Reader) (*Manifest, error) {
	h, err := tr.Next()
	if err != nil {
		return nil, fmt.Errorf("it is no .tar.gz: %w", err)
	}
	if h.Name != ManifestName || h.Typeflag != tar.TypeReg || h.Size > maxManifest {
		return nil, fmt.Errorf("it does not begin with its %s: make it with `pocketping plugin pack`", ManifestName)
	}
	raw, err := io.ReadAll(tr)
	if err != nil {
		return nil, err
	}
	m, err := parseManifest(raw)
	if err != nil {
		return nil, err
	}
	return m, m.checkFiles()
}

// Unpack writes the archive's files for this system into an empty folder, and returns
// the path in it of the program. Whatever is not what the manifest says fails it.
func (a *Archive) Unpack(dir string) (program string, err error) {
	if program, err = a.Manifest.program(); err != nil {
		return "", err
	}
	f, err := os.Open(a.Path)
	if err != nil {
		return "", err
	}
	defer func() { _ = f.Close() }()
	sum := sha256.New()
	tr, err := tarOf(io.TeeReader(f, sum))
	if err != nil {
		return "", err
	}
	if _, err := first(tr); err != nil {
		return "", err
	}
	seen := map[string]bool{}
	for {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return "", fmt.Errorf("the archive is cut off or broken: get it again (%w)", err)
		}
		if err := a.entry(dir, h, tr, seen); err != nil {
			return "", fmt.Errorf("the archive is refused: %w", err)
		}
	}
	if _, err := io.Copy(sum, f); err != nil { // what gzip has left
		return "", err
	}
	if have := hex.EncodeToString(sum.Sum(nil)); have != a.SHA256 {
		return "", fmt.Errorf("the archive is refused: %s was changed while it was read", a.Path)
	}
	for name := range a.Manifest.Files {
		if !seen[name] {
			return "", fmt.Errorf("the archive is refused: %s is in its manifest, but not in it", name)
		}
	}
	return program, nil
}

// entry takes one file of the archive.
func (a *Archive) entry(dir string, h *tar.Header, r io.Reader, seen map[string]bool) error {
	if err := checkPath(h.Name); err != nil {
		return err
	}
	want, listed := a.Manifest.Files[h.Name]
	switch {
	case h.Typeflag == tar.TypeSymlink || h.Typeflag == tar.TypeLink:
		return fmt.Errorf("%s is a link: only plain files may be in it", h.Name)
	case h.Typeflag != tar.TypeReg:
		return fmt.Errorf("%s is no plain file", h.Name)
	case !listed:
		return fmt.Errorf("%s is not in its manifest", h.Name)
	case seen[h.Name]:
		return fmt.Errorf("%s is in it twice", h.Name)
	case h.Size != want.Size:
		return fmt.Errorf("%s has %d bytes, its manifest says %d", h.Name, h.Size, want.Size)
	}
	seen[h.Name] = true
	var to io.WriteCloser = nowhere{}
	if a.Manifest.here(h.Name) {
		name := filepath.Join(dir, filepath.FromSlash(h.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return err
		}
		mode := os.FileMode(0o644)
		if want.Exec {
			mode = 0o755
		}
		file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
		if err != nil {
			return err
		}
		to = file
	}
	sum := sha256.New()
	_, err := io.Copy(io.MultiWriter(to, sum), r)
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, gzip.ErrChecksum) {
		err = fmt.Errorf("the archive is cut off or broken: get it again (%w)", err)
	}
	if err := errors.Join(err, to.Close()); err != nil {
		return fmt.Errorf("%s: %w", h.Name, err)
	}
	if have := hex.EncodeToString(sum.Sum(nil)); have != want.SHA256 {
		return fmt.Errorf("%s is not what its manifest says: its SHA-256 is %s", h.Name, have)
	}
	return nil
}

type nowhere struct{ io.Writer }

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }
func (nowhere) Close() error                { return nil }

// write makes an archive of files that are on the disk, by their path in it. The same
// files make the same archive.
func write(to string, m *Manifest, sources map[string]string) (err error) {
	f, err := os.CreateTemp(filepath.Dir(to), ".pack-*")
	if err != nil {
		return err
	}
	defer func() {
		_ = f.Close()
		_ = os.Remove(f.Name()) // it has its name by now, or is of no use
	}()
	gz := gzip.NewWriter(f)
	tw := tar.NewWriter(gz)
	raw, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	raw = append(raw, '\n')
	header := func(name string, size int64, mode int64) *tar.Header {
		return &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: size, Mode: mode, ModTime: time.Unix(0, 0), Format: tar.FormatPAX}
	}
	if err := tw.WriteHeader(header(ManifestName, int64(len(raw)), 0o644)); err != nil {
		return err
	}
	if _, err := tw.Write(raw); err != nil {
		return err
	}
	names := make([]string, 0, len(sources))
	for name := range sources {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		mode := int64(0o644)
		if m.Files[name].Exec {
			mode = 0o755
		}
		if err := tw.WriteHeader(header(name, m.Files[name].Size, mode)); err != nil {
			return err
		}
		if err := copyFrom(tw, sources[name]); err != nil {
			return err
		}
	}
	if err := errors.Join(tw.Close(), gz.Close(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), to)
}

func copyFrom(to io.Writer, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	_, err = io.Copy(to, f)
	return err
}

// fileOf describes a file on the disk.
func fileOf(name string, exec bool) (File, error) {
	sum, size, err := hashOf(name)
	return File{SHA256: sum, Size: size, Exec: exec}, err
}

func hashOf(name string) (sum string, size int64, err error) {
	f, err := os.Open(name)
	if err != nil {
		return "", 0, err
	}
	defer func() { _ = f.Close() }()
	h := sha256.New()
	size, err = io.Copy(h, f)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
