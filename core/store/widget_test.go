package store

import (
	"slices"
	"testing"

	"github.com/pocketping/pocketping/core"
)

func TestPresenceAndRating(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		presence := func() core.Presence {
			t.Helper()
			all, err := w.Presences(ctx(t))
			must(t, err)
			return all[w.project.ID]
		}
		equal(t, "before", presence(), core.Presence{})
		away := core.Presence{State: core.PresenceAway, Until: 9000}
		c := core.Change{
			ProjectID: w.project.ID, VisitorID: w.visitor.ID, SessionID: s.ID, At: 3000, Presence: &away,
			Events: []core.Event{{Type: core.Notice}}, Once: &core.Once{Scope: "acme.telegram", Key: "away"},
		}
		w.append(c)
		equal(t, "away", presence(), away)
		c.Presence = &core.Presence{}
		equal(t, "repeated", w.append(c).Repeated, true)
		equal(t, "and without effect", presence(), away)
		_, err := w.SyncProject(ctx(t), ProjectSpec{Slug: "acme", Name: "Acme"})
		must(t, err)
		equal(t, "after the file was read again", presence(), away)
		c.Once = nil
		w.append(c)
		equal(t, "ended", presence(), core.Presence{})

		equal(t, "no rating", w.session(s.ID).Rating == nil, true)
		for _, r := range []core.Rating{{Score: 2, Comment: "slow"}, {Score: 5}} {
			w.append(core.Change{
				ProjectID: w.project.ID, VisitorID: w.visitor.ID, SessionID: s.ID, At: 4000, Rating: &r, Events: []core.Event{{Type: core.SessionRated}},
			})
			equal(t, "rating", *w.session(s.ID).Rating, r)
		}
		w.append(w.post(s, "later"))
		equal(t, "it stays", w.session(s.ID).Rating.Score, 5)
	})
}

func TestSameBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		open := func(v *core.Visitor, browser string, at core.Time) string {
			t.Helper()
			c := w.opening(v)
			c.Open.Fingerprint, c.At, c.Open.LastActivity = browser, at, at
			return w.append(c).Session.ID
		}
		first, second, third := w.newVisitor(), w.newVisitor(), w.newVisitor()
		older, newer := open(first, "same", 5000), open(second, "same", 6000)
		open(third, "other", 6000)
		same := func(project, visitor, browser string, since core.Time, want ...string) {
			t.Helper()
			list, err := w.SameBrowser(ctx(t), project, visitor, browser, since)
			must(t, err)
			var ids []string
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			equal(t, "sessions", line(ids), line(want))
		}
		same(w.project.ID, w.visitor.ID, "same", 0, newer, older)
		same(w.project.ID, w.visitor.ID, "same", 5500, newer)
		same(w.project.ID, second.ID, "same", 0, older)
		same("proj_other", w.visitor.ID, "same", 0)
		same(w.project.ID, w.visitor.ID, "", 0)
		must(t, w.ForgetBrowsers(ctx(t), 5500))
		same(w.project.ID, w.visitor.ID, "same", 0, newer)
	})
}

func TestSeen(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		w.visitor.Name = "Ann"
		must(t, w.SaveVisitor(ctx(t), w.visitor))
		must(t, w.Seen(ctx(t), w.project.ID, w.visitor.ID, 7000))
		must(t, w.Seen(ctx(t), w.project.ID, w.visitor.ID, 6000)) // late
		v, err := w.Visitor(ctx(t), w.project.ID, w.visitor.ID)
		must(t, err)
		equal(t, "visitor", line(v.Name, int64(v.LastSeen)), "Ann 7000")
		wantCode(t, w.Seen(ctx(t), "proj_other", w.visitor.ID, 8000), core.CodeNotFound)
		wantCode(t, w.Seen(ctx(t), w.project.ID, "vis_none", 8000), core.CodeNotFound)
	})
}

func TestUnneededFiles(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		attach := func(at core.Time) string {
			t.Helper()
			a := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: w.project.ID, Owner: w.visitor.ID, Name: "a", Type: "text/plain", Size: 10, CreatedAt: at}
			must(t, w.AddAttachment(ctx(t), a))
			return a.ID
		}
		claimed, removed, old, young := attach(1000), attach(1000), attach(2000), attach(5000)
		for _, id := range []string{claimed, removed} {
			c := w.post(s, "file")
			c.Post.Attachments = []*core.Attachment{{ID: id}}
			m := w.append(c).Message
			if id == removed {
				w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 4000, Delete: m.ID, Events: []core.Event{{Type: core.MessageDeleted, MessageID: m.ID}}})
			}
		}
		sum, err := w.Uploaded(ctx(t), w.project.ID, w.visitor.ID, 1500)
		must(t, err)
		equal(t, "bytes since then", sum, 20)
		sum, err = w.Uploaded(ctx(t), "proj_other", w.visitor.ID, 0)
		must(t, err)
		equal(t, "of another project", sum, 0)

		ids, err := w.Unneeded(ctx(t), 3000, 1)
		must(t, err)
		equal(t, "the first", line(ids), line([]string{removed}))
		must(t, w.Forget(ctx(t), append(ids, claimed, young)))
		ids, err = w.Unneeded(ctx(t), 3000, 10)
		must(t, err)
		equal(t, "the rest", line(ids), line([]string{old}))
		c := w.post(s, "too late")
		c.Post.Attachments = []*core.Attachment{{ID: old}}
		_, err = w.Append(ctx(t), c)
		wantCode(t, err, core.CodeInvalid)
		must(t, w.Forget(ctx(t), ids))
		for _, id := range []string{claimed, young} {
			_, err := w.Attachment(ctx(t), w.project.ID, id)
			must(t, err)
		}
		again, err := w.Unneeded(ctx(t), 3000, 10)
		must(t, err)
		equal(t, "nothing is left", slices.Contains(again, old), false)
	})
}
