package store

import (
	"fmt"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

func TestThreadPages(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		var want []string
		for i := range 5 {
			c := w.opening(w.newVisitor())
			c.At, c.Open.LastActivity = core.Time(1000+i/2), 0 // some at the same moment
			s := w.append(c).Session
			thread := fmt.Sprintf("topic %d", i)
			w.record(core.Record{SessionID: s.ID, Thread: thread})
			want = append([]string{thread}, want...)
			if i == 1 {
				w.append(core.Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, At: c.At, Status: core.StatusClosed})
			}
		}
		w.openSession(w.newVisitor()) // it has no thread
		projects := []string{"proj_other", w.project.ID}
		var have []string
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			list, next, err := w.Threads(ctx(t), bridge, core.SessionQuery{ProjectIDs: projects, Limit: 2, Cursor: cursor})
			must(t, err)
			for _, th := range list {
				have = append(have, th.ExternalID)
			}
			cursor = next
		}
		equal(t, "pages", line(have), line(want))

		closed, _, err := w.Threads(ctx(t), bridge, core.SessionQuery{ProjectIDs: projects, Status: core.StatusClosed})
		must(t, err)
		equal(t, "closed", line(len(closed), closed[0].ExternalID, closed[0].Status, closed[0].LastActivity), line(1, "topic 1", "closed", core.Time(1000)))
		for name, q := range map[string]core.SessionQuery{
			"of another project": {ProjectIDs: []string{"proj_other"}}, "of no project": {},
		} {
			none, _, err := w.Threads(ctx(t), bridge, q)
			must(t, err)
			equal(t, name, len(none), 0)
		}
		none, _, err := w.Threads(ctx(t), "acme.inbox", core.SessionQuery{ProjectIDs: projects})
		must(t, err)
		equal(t, "of another bridge", len(none), 0)
		_, _, err = w.Threads(ctx(t), bridge, core.SessionQuery{ProjectIDs: projects, Cursor: "?"})
		wantCode(t, err, core.CodeInvalid)
	})
}

func TestNewestLinksOfAThread(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		gone, edited := w.link(s, "1000.2", "msg_4"), w.link(s, "100", "msg_3")
		gone.Deleted, edited.Revision = true, "17"
		elsewhere := w.link(s, "9999", "msg_5")
		elsewhere.Thread = "topic 8"
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{
			edited, w.link(s, "9", s.ID), w.link(s, "99", "msg_1"), w.link(s, "1000.1", "msg_2"), gone, elsewhere,
		}})
		links, err := w.Links(ctx(t), []string{w.project.ID}, bridge, "topic 7", 4)
		must(t, err)
		var have []string
		for _, l := range links {
			have = append(have, fmt.Sprintf("%s=%s/%s/%t", l.ExternalID, l.MessageID, l.Revision, l.Deleted))
		}
		equal(t, "links", line(have), line([]string{"1000.2=msg_4//true", "1000.1=msg_2//false", "100=msg_3/17/false", "99=msg_1//false"}))
		for name, project := range map[string][]string{"another project's": {"proj_other"}, "no project's": nil} {
			none, err := w.Links(ctx(t), project, bridge, "topic 7", 4)
			must(t, err)
			equal(t, name, len(none), 0)
		}
	})
}

// A locale that skips punctuation would put 15.20 before 1.502.
func TestLinksAreOrderedByTheirBytes(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{w.link(s, "1.502", "msg_1"), w.link(s, "15.01", "msg_2")}})
		links, err := w.Links(ctx(t), []string{w.project.ID}, bridge, "topic 7", 1)
		must(t, err)
		equal(t, "the newest", links[0].ExternalID, "15.01")
	})
}

func TestTheNewestLinksAreNotSorted(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		query := s.read.ToSQL(func(tx *gorm.DB) *gorm.DB {
			return newestLinks(tx, []string{"p"}, bridge, "topic 7").Limit(9).Find(&[]linkRow{})
		})
		plan := explain(t, s, query)
		if !strings.Contains(plan, "links_newest") || strings.Contains(plan, "TEMP B-TREE") || strings.Contains(plan, "Sort") {
			t.Errorf("the links are read as %s", plan)
		}
	})
}
