package store

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store/pgtest"
)

// busy is a world that is written to until it rests.
type busy struct {
	*world
	place Place
	files *Files

	mu    sync.Mutex
	acked []string // texts that were stored
	sent  []string // ids of files that were stored
	grew  *sync.Cond
	done  chan struct{}
	all   sync.WaitGroup
}

func newBusy(t *testing.T, url string) *busy {
	b := &busy{world: newWorld(t, url), place: Place{url, filepath.Join(t.TempDir(), "files")}, done: make(chan struct{})}
	b.grew = sync.NewCond(&b.mu)
	var err error
	b.files, err = DiskFiles(b.place.Files)
	must(t, err)
	for n := range 4 {
		s := b.openSession(b.newVisitor())
		b.all.Go(func() { b.write(n, s) })
	}
	t.Cleanup(b.rest)
	return b
}

func (b *busy) rest() {
	select {
	case <-b.done:
	default:
		close(b.done)
	}
	b.all.Wait()
}

// write posts, and sends a file with every fourth message, until the world rests.
func (b *busy) write(n int, s *core.Session) {
	for i := 0; ; i++ {
		select {
		case <-b.done:
			return
		default:
		}
		text := fmt.Sprintf("%d:%d", n, i)
		if _, err := b.Append(b.t.Context(), b.post(s, text, bridge)); err != nil {
			b.t.Error(err)
			return
		}
		id := ""
		if i%4 == 0 {
			id = core.NewID(core.KindAttachment)
			_, err := b.files.Save(b.t.Context(), id, strings.NewReader("file of "+id))
			if err == nil {
				err = b.AddAttachment(b.t.Context(), &core.Attachment{ID: id, ProjectID: s.ProjectID, Owner: s.VisitorID, Name: "a.txt", CreatedAt: 1})
			}
			if err != nil {
				b.t.Error(err)
				return
			}
		}
		b.mu.Lock()
		b.acked = append(b.acked, text)
		if id != "" {
			b.sent = append(b.sent, id)
		}
		b.grew.Broadcast()
		b.mu.Unlock()
	}
}

// after waits until so much was acked and answers with all that was.
func (b *busy) after(n int) (texts, files []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.acked) < n {
		b.grew.Wait()
	}
	return append([]string{}, b.acked...), append([]string{}, b.sent...)
}

func (b *busy) backup(to string) *Contents {
	b.t.Helper()
	f, err := os.Create(to)
	must(b.t, err)
	c, err := Backup(ctx(b.t), b.place, "the test", filepath.Dir(to), f)
	must(b.t, err)
	must(b.t, f.Close())
	return c
}

func (b *busy) restore(from string, to Place, replace bool) error {
	b.t.Helper()
	a, err := OpenBackup(from)
	must(b.t, err)
	defer func() { must(b.t, a.Close()) }()
	return a.Restore(ctx(b.t), to, replace)
}

// elsewhere is a place of the same kind where nothing is.
func elsewhere(t *testing.T, url string) Place {
	p := Place{URL: "sqlite:" + filepath.Join(t.TempDir(), "restored.db"), Files: filepath.Join(t.TempDir(), "files")}
	if strings.HasPrefix(url, "postgres") {
		p.URL = pgtest.URL(t)
	}
	return p
}

// All that was acked before a backup began is in what is restored of it, while others
// go on writing.
func TestBackupOfALiveDatabase(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		b := newBusy(t, url)
		texts, sent := b.after(200)
		archive := filepath.Join(t.TempDir(), "backup.zip")
		c := b.backup(archive)
		during, _ := b.after(len(texts))
		b.after(len(during) + 40)
		b.rest()
		if c.Files < len(sent) || c.Migration == 0 {
			t.Errorf("the backup says %+v, of %d files", c, len(sent))
		}

		to := elsewhere(t, url)
		must(t, b.restore(archive, to, false))
		restored := open(t, to.URL)
		kept := b.texts(restored)
		for _, text := range texts {
			if !kept[text] {
				t.Fatalf("%q was acked before, and is not in the backup", text)
			}
		}
		if len(kept) >= len(b.acked) {
			t.Errorf("%d messages were restored, of %d: nobody wrote while it was made", len(kept), len(b.acked))
		}
		files, err := DiskFiles(to.Files)
		must(t, err)
		for _, id := range sent {
			r, err := files.Open(ctx(t), id)
			must(t, err)
			text, err := io.ReadAll(r)
			must(t, err)
			equal(t, "a file", string(text), "file of "+id)
			must(t, r.Close())
		}
		w := &world{Store: restored, t: t, url: to.URL, project: b.project, visitor: b.visitor}
		sessions, _, err := restored.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{b.project.ID}, Limit: 50})
		must(t, err)
		for _, s := range sessions {
			w.checkSeqs(s.ID)
			w.append(w.post(s, "it goes on", bridge))
		}

		// Nothing is replaced by mistake, nor under a server.
		inUse := b.restore(archive, to, true)
		if inUse == nil || !strings.Contains(inUse.Error(), "in use") || !strings.Contains(inUse.Error(), "stop the server") {
			t.Errorf("under a server: %v", inUse)
		}
		must(t, restored.Close())
		if err := b.restore(archive, to, false); err == nil || !strings.Contains(err.Error(), "--force") {
			t.Errorf("without force: %v", err)
		}
		must(t, b.restore(archive, to, true))
		again := open(t, to.URL)
		kept = b.texts(again)
		if kept["it goes on"] || !kept[texts[0]] {
			t.Errorf("what was there is not replaced")
		}
		left, err := filepath.Glob(filepath.Join(filepath.Dir(to.Files), ".restore*"))
		must(t, err)
		equal(t, "left behind", len(left), 0)
	})
}

// texts are those of all messages in the database.
func (b *busy) texts(s *Store) map[string]bool {
	b.t.Helper()
	var texts []string
	must(b.t, s.reader(ctx(b.t)).Model(&messageRow{}).Pluck("text", &texts).Error)
	have := map[string]bool{}
	for _, text := range texts {
		have[text] = true
	}
	return have
}

func TestABackupThatIsNoneIsRefused(t *testing.T) {
	b := newBusy(t, "sqlite:"+filepath.Join(t.TempDir(), "test.db"))
	b.after(20)
	b.rest()
	dir := t.TempDir()
	archive := filepath.Join(dir, "backup.zip")
	b.backup(archive)
	whole, err := os.ReadFile(archive)
	must(t, err)
	wrong := bytes.Clone(whole)
	wrong[len(wrong)/3] ^= 1
	for name, data := range map[string][]byte{"cut": whole[:len(whole)/2], "damaged": wrong, "empty": nil, "something else": []byte("hello")} {
		path := filepath.Join(dir, name)
		must(t, os.WriteFile(path, data, 0o600))
		if a, err := OpenBackup(path); err == nil {
			must(t, a.Close())
			t.Errorf("one that is %s is taken", name)
		} else if !strings.Contains(err.Error(), path) {
			t.Errorf("%s: it is not said which: %v", name, err)
		}
	}
	if _, err := OpenBackup(filepath.Join(dir, "none")); err == nil {
		t.Error("a file that is not there is taken")
	}
	a, err := OpenBackup(archive)
	must(t, err)
	defer func() { must(t, a.Close()) }()
	if err := a.Restore(ctx(t), Place{URL: "postgres:///none", Files: dir}, false); err == nil || !strings.Contains(err.Error(), "of its kind") {
		t.Errorf("into another kind of database: %v", err)
	}
	nothing := Place{URL: "sqlite:" + filepath.Join(dir, "no.db"), Files: dir}
	if _, err := Backup(ctx(t), nothing, "", dir, io.Discard); err == nil || !strings.Contains(err.Error(), "no.db") {
		t.Errorf("a backup of nothing: %v", err)
	}
}
