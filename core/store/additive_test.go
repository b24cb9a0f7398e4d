package store

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
)

// The program of the version before works on the tables of this one, so that it may come
// back under traffic: the newest migration takes nothing away, asks for nothing that an
// older INSERT does not give, and forbids nothing that was allowed. The harness in chaos
// runs both programs.
func TestTheNewestMigrationOnlyAdds(t *testing.T) {
	url := "sqlite:" + filepath.Join(t.TempDir(), "additive.db")
	newest, err := newestMigration()
	must(t, err)
	w := newWorld(t, url)
	must(t, w.Close())
	now := shapeOf(t, url)
	older(t, url, newest-1)
	before := shapeOf(t, url)
	tables := map[string]bool{}
	for what, shape := range before {
		table, _, _ := strings.Cut(what, " ")
		tables[table] = true
		if after := now[what]; after != shape {
			t.Errorf("migration %d makes %q of %s, which was %q: what is new comes beside it, and the old goes a version later", newest, after, what, shape)
		}
		delete(now, what)
	}
	for what, shape := range now {
		table, _, _ := strings.Cut(what, " ")
		if tables[table] && (shape == "unique" || strings.HasSuffix(shape, required)) {
			t.Errorf("migration %d adds %s (%s), of which the version before knows nothing", newest, what, shape)
		}
	}
}

const required = ", must be given"

// shapeOf are the columns and unique indexes of all tables, and what they ask for.
func shapeOf(t *testing.T, url string) map[string]string {
	t.Helper()
	db, err := goose.OpenDBWithDriver("sqlite", sqliteDSN(url[len("sqlite:"):], "deferred"))
	must(t, err)
	defer func() { must(t, db.Close()) }()
	rows, err := db.Query(`SELECT m.name || ' column ' || c.name, c.type, c."notnull" AND c.dflt_value IS NULL FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table'
		UNION ALL SELECT m.name || ' index ' || i.name, 'unique', false FROM sqlite_master m, pragma_index_list(m.name) i WHERE m.type = 'table' AND i."unique"`)
	must(t, err)
	defer rows.Close()
	shape := map[string]string{}
	for rows.Next() {
		var what, kind string
		var given bool
		must(t, rows.Scan(&what, &kind, &given))
		if shape[what] = kind; given {
			shape[what] = kind + required
		}
	}
	must(t, rows.Err())
	return shape
}
