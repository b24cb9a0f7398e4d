package store

import (
	"fmt"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestAuditLogIsReadInPages(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		for i := range 5 {
			project := w.project.ID
			if i == 2 {
				project = ""
			}
			must(t, w.AddAudit(ctx(t), &core.AuditEntry{ID: fmt.Sprint("aud_", i), ProjectID: project, At: core.Time(10 + i/3), Actor: "admin token", Action: "key.rotated", Subject: "sk", Detail: fmt.Sprint(i)}))
		}
		read := func(q core.AuditQuery) (details string, next string) {
			entries, next, err := w.AuditLog(ctx(t), q)
			must(t, err)
			for _, e := range entries {
				details += e.Detail
			}
			return details, next
		}
		first, next := read(core.AuditQuery{Limit: 3})
		second, end := read(core.AuditQuery{Limit: 3, Cursor: next})
		equal(t, "pages", line(first, second, end), "432 10")
		ours, _ := read(core.AuditQuery{ProjectID: w.project.ID})
		equal(t, "of the project", ours, "4310")
		_, _, err := w.AuditLog(ctx(t), core.AuditQuery{Cursor: "?"})
		wantCode(t, err, core.CodeInvalid)
	})
}
