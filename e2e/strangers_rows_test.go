package e2e

import (
	"context"
	"database/sql"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	_ "github.com/jackc/pgx/v5/stdlib"
	_ "modernc.org/sqlite"
)

// openDatabase opens the server's database beside the server.
func (w *world) openDatabase(url string) *sql.DB {
	w.t.Helper()
	driver, name := "pgx", url
	if path, ok := strings.CutPrefix(url, "sqlite:"); ok {
		driver, name = "sqlite", "file:"+filepath.Join(w.core.Dir, path)+"?_pragma=busy_timeout(5000)&_pragma=query_only(1)"
	}
	db, err := sql.Open(driver, name)
	if err != nil {
		w.t.Fatal(err)
	}
	return db
}

// tables are all tables of the database, also those of a later migration.
func (w *world) tables(db *sql.DB, url string) (names []string) {
	w.t.Helper()
	query := "SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'"
	if strings.HasPrefix(url, "sqlite:") {
		query = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
	}
	rows, err := db.QueryContext(w.t.Context(), query)
	if err != nil {
		w.t.Fatal(err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			w.t.Fatal(err)
		}
		names = append(names, name)
	}
	if err := rows.Err(); err != nil {
		w.t.Fatal(err)
	}
	if len(names) < 15 {
		w.t.Fatalf("only the tables %q: is this the database?", names)
	}
	return names
}

// dump is every row of every table as one line, with the names of its columns.
func (w *world) dump(url string) (lines []string) {
	w.t.Helper()
	db := w.openDatabase(url)
	defer func() { _ = db.Close() }()
	for _, table := range w.tables(db, url) {
		rows, err := db.QueryContext(w.t.Context(), "SELECT * FROM "+table)
		if err != nil {
			w.t.Fatal(err)
		}
		columns, err := rows.Columns()
		for err == nil && rows.Next() {
			values, into := make([]any, len(columns)), make([]any, len(columns))
			for i := range values {
				into[i] = &values[i]
			}
			if err = rows.Scan(into...); err != nil {
				break
			}
			line := table
			for i, v := range values {
				if b, ok := v.([]byte); ok {
					v = string(b)
				}
				line += fmt.Sprintf(" %s=%v", columns[i], v)
			}
			lines = append(lines, line)
		}
		if err == nil {
			err = rows.Err()
		}
		_ = rows.Close()
		if err != nil {
			w.t.Fatal(err)
		}
	}
	return lines
}

// rows are those of the side, and all others that name one of the guests.
func (w *town) rows(of *side, guests []*dweller) []string {
	words := []string{of.id, of.mark}
	for _, g := range guests {
		words = append(append(words, g.ids()...), g.mark)
	}
	return slices.DeleteFunc(w.dump(w.database), func(line string) bool {
		return !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(line, word) })
	})
}

// rest waits until every bridge and hook has what it is owed.
func (w *town) rest() {
	w.t.Helper()
	db := w.openDatabase(w.database)
	defer func() { _ = db.Close() }()
	w.eventually("the bridges to have everything", func() bool {
		var n int
		err := db.QueryRowContext(context.WithoutCancel(w.t.Context()), "SELECT COUNT(*) FROM deliveries").Scan(&n)
		return err == nil && n == 0
	})
}

// changed are the lines that only one of the two has.
func changed(before, after []string) (lines []string) {
	count := map[string]int{}
	for _, l := range before {
		count[l]++
	}
	for _, l := range after {
		count[l]--
	}
	for l, n := range count {
		switch {
		case n > 0:
			lines = append(lines, "- "+l)
		case n < 0:
			lines = append(lines, "+ "+l)
		}
	}
	slices.Sort(lines)
	return lines
}
