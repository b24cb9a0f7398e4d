package cli

import (
	"archive/zip"
	"bufio"
	"context"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// write writes the sheets one after the other, a row at a time, and counts the rows.
func (f *exportFlags) write(ctx context.Context, s *store.Store, w io.Writer, extent store.Extent, rows map[string]int64) (err error) {
	total := int64(0)
	for _, sheet := range f.sheets {
		total += sheet.count(extent)
	}
	step, done := showProgress(f.progress, f.output, total)
	defer func() { done(err) }()
	into, finish := f.encoder(w)
	for _, sheet := range f.sheets {
		put, end, err := into(sheet)
		if err != nil {
			return err
		}
		rows[sheet.name] = 0
		err = sheet.rows(ctx, s, f.span, func(cells ...any) error {
			rows[sheet.name]++
			step()
			return put(cells)
		})
		if err := errors.Join(err, end()); err != nil {
			return err
		}
	}
	return finish()
}

// encoder is how sheets are written in the format: put writes a row, end what belongs
// behind the last one.
func (f *exportFlags) encoder(w io.Writer) (into func(*sheet) (put func([]any) error, end func() error, err error), finish func() error) {
	switch {
	case f.format == "jsonl":
		return func(s *sheet) (func([]any) error, func() error, error) {
			b := bufio.NewWriter(w)
			return func(cells []any) error { return putObject(b, s, cells) }, b.Flush, nil
		}, func() error { return nil }
	case f.table != "":
		return func(s *sheet) (func([]any) error, func() error, error) { return putCSV(w, s) }, func() error { return nil }
	}
	z := zip.NewWriter(w)
	return func(s *sheet) (func([]any) error, func() error, error) {
		entry, err := z.Create(s.name + ".csv")
		if err != nil {
			return nil, nil, err
		}
		return putCSV(entry, s)
	}, z.Close
}

func putCSV(w io.Writer, s *sheet) (put func([]any) error, end func() error, err error) {
	c := csv.NewWriter(w)
	line := make([]string, len(s.columns))
	put = func(cells []any) error {
		for i, cell := range cells {
			text, err := textOf(cell)
			if err != nil {
				return err
			}
			line[i] = text
		}
		return c.Write(line)
	}
	end = func() error {
		c.Flush()
		return c.Error()
	}
	return put, end, c.Write(s.columns)
}

// textOf is a cell of CSV.
func textOf(cell any) (string, error) {
	switch v := cell.(type) {
	case nil:
		return "", nil
	case string:
		return defused(v), nil
	case core.Time:
		if v.IsZero() {
			return "", nil
		}
		return v.String(), nil
	case []string:
		return defused(strings.Join(v, "\n")), nil
	case map[string]string:
		if len(v) == 0 {
			return "", nil
		}
		b, err := json.Marshal(v) // begins with a brace
		return string(b), err
	}
	return fmt.Sprint(cell), nil
}

// defused is a text that no spreadsheet takes for a formula. An apostrophe gets another
// one, so that whoever reads the cell knows to take one off.
func defused(s string) string {
	if first, _ := utf8.DecodeRuneInString(s); s != "" && strings.ContainsRune("=+-@\t\r\n'＝＋－＠", first) {
		return "'" + s
	}
	return s
}

// putObject writes a row as a line of JSON, with the name of its table.
func putObject(w *bufio.Writer, s *sheet, cells []any) error {
	_, _ = fmt.Fprintf(w, `{"table":%q`, s.name) // a bufio.Writer keeps its error
	for i, cell := range cells {
		if at, ok := cell.(core.Time); ok && at.IsZero() {
			cell = nil
		}
		if m, ok := cell.(map[string]string); ok && m == nil {
			cell = map[string]string{}
		}
		b, err := json.Marshal(cell)
		if err != nil {
			return err
		}
		_, _ = fmt.Fprintf(w, ",%q:%s", s.columns[i], b)
	}
	_, err := w.WriteString("}\n")
	return err
}

// writeFile writes a file that is there under its name when it is whole, readable for
// this user alone. "-" is standard output.
func writeFile(path string, replace bool, write func(io.Writer) error) error {
	if path == "-" {
		return write(os.Stdout)
	}
	if _, err := os.Lstat(path); err == nil && !replace {
		return fmt.Errorf("%s is there already: name another file, or add --force", path)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("cannot write to the folder %s (%w): name another file", filepath.Dir(path), cause(err))
	}
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }() // gone already when all went well
	err = write(f)
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
