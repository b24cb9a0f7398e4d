package store

import (
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func madeOverAPI(slug string) *core.Project {
	return &core.Project{
		ID: core.NewID(core.KindProject), Slug: slug, Name: slug, Origins: []string{"https://*.shop.example"}, Identity: core.IdentityOff,
		PublicKey: core.NewKey(core.KindPublicKey), SecretHash: core.Hash(core.NewKey(core.KindSecretKey)), IdentityKey: core.NewKey(core.KindIdentity),
	}
}

// Two nodes see the same projects, and whether anything has changed.
func TestProjectsOverTheAPI(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		other := open(t, url)
		revision := func() string {
			t.Helper()
			now, err := other.ProjectsRevision(ctx(t))
			must(t, err)
			return now
		}
		before := revision()
		shop := madeOverAPI("shop")
		must(t, w.AddProject(ctx(t), shop))
		if revision() == before {
			t.Fatal("another node does not see that there is another project")
		}
		wantCode(t, w.AddProject(ctx(t), madeOverAPI("shop")), core.CodeConflict)
		wantCode(t, w.AddProject(ctx(t), madeOverAPI("acme")), core.CodeConflict)

		shop.Name = "Shop"
		must(t, w.SaveProject(ctx(t), shop))
		all, err := other.Projects(ctx(t))
		must(t, err)
		equal(t, "on the other node", line(len(all), all[1].Slug, all[1].Name, all[1].Editable, all[1].Identity, all[1].Origins, all[0].Editable),
			"2 shop Shop true off [https://*.shop.example] false")

		// The file takes it over.
		_, err = w.SyncProject(ctx(t), ProjectSpec{Slug: "shop", Name: "Ours"})
		must(t, err)
		all, err = other.Projects(ctx(t))
		must(t, err)
		equal(t, "the file's", line(all[1].ID == shop.ID, all[1].PublicKey == shop.PublicKey, all[1].Name, all[1].Editable), "true true Ours false")
	})
}

// All projects of a file are stored, or none.
func TestProjectsOfAFileAreStoredTogether(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		err := w.SyncProjects(ctx(t), []ProjectSpec{{Slug: "acme", Name: "New"}, {Slug: "b", PublicKey: w.project.PublicKey}})
		wantCode(t, err, core.CodeConflict)
		all, err := w.Projects(ctx(t))
		must(t, err)
		equal(t, "as before", line(len(all), all[0].Name), "1 Acme")
	})
}

func TestRemovedProjectLeavesNothing(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		kept := w.project
		shop := madeOverAPI("shop")
		must(t, w.AddProject(ctx(t), shop))
		w.project = shop
		s := w.openSession(w.newVisitor())
		w.append(w.post(s, "hello", "inbox"))
		must(t, w.AddAttachment(ctx(t), &core.Attachment{ID: "att_1", ProjectID: shop.ID, Owner: s.VisitorID, Name: "a.pdf", CreatedAt: 1}))
		w.project = kept
		mine := w.openSession(w.visitor)

		files, err := w.RemoveProject(ctx(t), shop.ID)
		must(t, err)
		equal(t, "files", line(files), "[att_1]")
		must(t, w.Forget(ctx(t), files))
		for _, table := range []string{"projects", "project_keys", "old_keys", "visitors", "visitor_tokens", "sessions", "messages", "events", "deliveries", "dead_letters", "threads", "links", "inbound", "attachments"} {
			column := "project_id"
			if table == "projects" {
				column = "id"
			}
			var rows int64
			must(t, w.reader(ctx(t)).Table(table).Where(column+" = ?", shop.ID).Count(&rows).Error)
			equal(t, table, rows, 0)
		}
		equal(t, "another project's session", w.session(mine.ID).ID, mine.ID)
		_, err = w.RemoveProject(ctx(t), shop.ID)
		wantCode(t, err, core.CodeNotFound)
	})
}

// A key that the file replaces works for its overlap, and one of before can be taken back.
func TestKeysOfAFileOverlap(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		sync := func(key string, overlap time.Duration) *core.Project {
			t.Helper()
			p, err := s.SyncProject(ctx(t), ProjectSpec{Slug: "acme", SecretKey: key, KeyOverlap: overlap})
			must(t, err)
			return p
		}
		old := func(p *core.Project) (hashes string) {
			for _, k := range p.OldKeys {
				hashes += string(k.Hash)
			}
			return hashes
		}
		first, second := string(core.Hash("sk_1")), string(core.Hash("sk_2"))
		sync("sk_1", time.Hour)
		equal(t, "after a change", old(sync("sk_2", time.Hour)), first)
		equal(t, "and the same again", old(sync("sk_2", time.Hour)), first)
		equal(t, "back", old(sync("sk_1", time.Hour)), second)
		equal(t, "without an overlap", old(sync("sk_3", 0)), "")
		must(t, s.RotateKey(ctx(t), sync("", 0).ID, core.KindSecretKey, "sk_4", core.TimeOf(time.Now().Add(time.Hour))))
		equal(t, "rotated", old(sync("", 0)), string(core.Hash("sk_3")))
		_, err := s.SyncProject(ctx(t), ProjectSpec{Slug: "other", SecretKey: "sk_3"})
		wantCode(t, err, core.CodeConflict)
	})
}
