package store

import (
	"archive/zip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pocketping/pocketping/core"
)

// Place is a database and the folder of its files.
type Place struct{ URL, Files string }

// Manifest says what a backup is.
type Manifest struct {
	Format    int       `json:"format"`
	Version   string    `json:"version"`   // of the PocketPing that made it
	Database  string    `json:"database"`  // sqlite or postgres
	Migration int64     `json:"migration"` // of its tables
	At        core.Time `json:"at"`        // when it was begun: what was stored by then is in it
}

// Contents are a backup's, counted.
type Contents struct {
	Manifest
	Files     int   `json:"files"`
	FileBytes int64 `json:"fileBytes"`
}

const (
	backupFormat = 1
	manifestName = "manifest.json"
	databaseName = "database"
	filesFolder  = "files/"
)

// dumper is a database as backups see it.
type dumper interface {
	kind() string
	// migration is the version of the tables; it fails where there is no database.
	migration(ctx context.Context) (int64, error)
	// dump writes a copy of one moment, while others write. scratch is a folder with
	// room for it.
	dump(ctx context.Context, scratch string, w io.Writer) error
	// taken says, as an error, why nothing can be put there: something is there and
	// replace is not meant, or somebody uses it.
	taken(ctx context.Context, replace bool) error
	// load puts a dump in place of what is there, whole or not at all.
	load(ctx context.Context, r io.Reader) error
	// attachments are the ids of those that have a row.
	attachments(ctx context.Context) (set[string], error)
}

func dumperOf(url string) (dumper, error) {
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		path, err := filepath.Abs(strings.TrimPrefix(rest, "//"))
		return sqliteDumper{path}, err
	case "postgres", "postgresql":
		return postgresDumper{url}, nil
	}
	return nil, errors.New(`the database URL must start with "sqlite:" or "postgres://"`)
}

// Backup writes the place's database and files as one archive, while a server may write
// to them. What was stored when it began is in it. scratch is a folder with room for
// the database.
func Backup(ctx context.Context, p Place, version, scratch string, w io.Writer) (*Contents, error) {
	db, err := dumperOf(p.URL)
	if err != nil {
		return nil, err
	}
	c := &Contents{Manifest: Manifest{Format: backupFormat, Version: version, Database: db.kind(), At: core.SystemClock{}.Now()}}
	if c.Migration, err = db.migration(ctx); err != nil {
		return nil, err
	}
	z := zip.NewWriter(w)
	entry, err := z.Create(manifestName)
	if err != nil {
		return nil, err
	}
	if err := json.NewEncoder(entry).Encode(c.Manifest); err != nil {
		return nil, err
	}
	if entry, err = z.Create(databaseName); err != nil {
		return nil, err
	}
	if err := db.dump(ctx, scratch, entry); err != nil {
		return nil, err
	}
	// A file is there before its row, so those of the rows above are.
	if err := c.addFiles(ctx, z, p.Files); err != nil {
		return nil, err
	}
	return c, z.Close()
}

func (c *Contents) addFiles(ctx context.Context, z *zip.Writer, dir string) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if errors.Is(err, fs.ErrNotExist) { // nothing was sent yet, or it was erased meanwhile
			return nil
		}
		if err != nil || d.IsDir() || !fileID.MatchString(d.Name()) {
			return err
		}
		f, err := os.Open(path)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		entry, err := z.CreateHeader(&zip.FileHeader{Name: filesFolder + d.Name(), Method: zip.Store})
		if err != nil {
			return err
		}
		n, err := io.Copy(entry, f)
		c.Files, c.FileBytes = c.Files+1, c.FileBytes+n
		return err
	})
}

// Archive is a backup that was checked.
type Archive struct {
	Contents
	zip      *zip.ReadCloser
	database *zip.File
}

// OpenBackup reads all of a backup and fails when any of it is not as it was written,
// or not for this version. Close it.
func OpenBackup(path string) (*Archive, error) {
	z, err := zip.OpenReader(path)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return nil, fmt.Errorf("cannot read the backup %s: %w", path, cause(err))
	}
	if err != nil {
		return nil, fmt.Errorf("%s is no whole backup (%w): take another", path, err)
	}
	a := &Archive{zip: z}
	if err := a.check(); err != nil {
		_ = a.Close()
		return nil, fmt.Errorf("the backup %s cannot be used: %w", path, err)
	}
	return a, nil
}

// Close gives the file back.
func (a *Archive) Close() error { return a.zip.Close() }

func (a *Archive) check() error {
	for _, f := range a.zip.File {
		into := io.Discard
		manifest := &strings.Builder{}
		id, isFile := strings.CutPrefix(f.Name, filesFolder)
		switch {
		case f.Name == manifestName:
			into = manifest
		case f.Name == databaseName:
			a.database = f
		case isFile && fileID.MatchString(id):
			a.Files, a.FileBytes = a.Files+1, a.FileBytes+int64(f.UncompressedSize64) //nolint:gosec // no file is that large
		default:
			return fmt.Errorf("it holds %q, which no backup does", f.Name)
		}
		if err := unpack(f, into); err != nil { // compares the checksum
			return fmt.Errorf("%s in it is damaged (%w)", f.Name, err)
		}
		if f.Name == manifestName {
			if err := json.Unmarshal([]byte(manifest.String()), &a.Manifest); err != nil {
				return fmt.Errorf("its manifest cannot be read (%w)", err)
			}
		}
	}
	newest, err := newestMigration()
	switch {
	case err != nil:
		return err
	case a.database == nil || a.Format == 0:
		return errors.New("it holds no manifest or no database: it is no backup of PocketPing")
	case a.Format > backupFormat || a.Migration > newest:
		return fmt.Errorf("a newer PocketPing, %s, made it: install that one first", a.Version)
	}
	return nil
}

func unpack(f *zip.File, w io.Writer) error {
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	_, err = io.Copy(w, r) //nolint:gosec // it is as large as the backup's owner made it
	return err
}
