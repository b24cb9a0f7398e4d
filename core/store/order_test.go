package store

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"gorm.io/gorm"

	"github.com/pocketping/pocketping/core"
)

// brought is an operator's post that a bridge brings, with its link.
func (w *world) brought(s *core.Session, external string) core.Change {
	c := w.post(s, "from "+external)
	c.VisitorID, c.Post.Sender, c.Post.Via = "", core.SenderOperator, bridge
	c.Links = []core.Link{w.link(s, external, c.Post.ID)}
	c.Once = &core.Once{Scope: bridge, Key: "m:" + external}
	return c
}

// rewritten is an edit of it, of a revision.
func (w *world) rewritten(s *core.Session, post core.Change, revision string) core.Change {
	l := post.Links[0]
	l.Revision = revision
	return core.Change{
		ProjectID: s.ProjectID, SessionID: s.ID, At: 5000, Links: []core.Link{l},
		Edit:   &core.Edit{MessageID: post.Post.ID, Text: "revision " + revision},
		Events: []core.Event{{Type: core.MessageEdited, MessageID: post.Post.ID}},
		Once:   &core.Once{Scope: bridge, Key: "e:" + post.Post.ID + revision},
	}
}

func (w *world) text(id string) string {
	w.t.Helper()
	m, err := w.Message(ctx(w.t), w.project.ID, id)
	must(w.t, err)
	return m.Text
}

// The newest revision wins, one by one and in one batch, which has its own view
// of the links.
func TestOlderEditsHaveNoEffect(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		apart, batch := w.brought(s, "1"), w.brought(s, "2")
		w.append(apart)
		order := []string{"10", "9", "11", "", "2", "11"}
		const want = "revision " // of the empty one, which is always newer
		var changes []core.Change
		for i, revision := range order {
			r := w.append(w.rewritten(s, apart, revision))
			older := revision == "9" || revision == "2" || i == 5 // the last comes again
			equal(t, "repeated "+revision, r.Repeated, older)
			changes = append(changes, w.rewritten(s, batch, revision))
		}
		equal(t, "text", w.text(apart.Post.ID), want)
		results, errs := w.together(append([]core.Change{batch}, changes...)...)
		must(t, errors.Join(errs...))
		for i, revision := range order {
			equal(t, "repeated in a batch "+revision, results[i+1].Repeated, revision == "9" || revision == "2" || i == 5)
		}
		equal(t, "text", w.text(batch.Post.ID), want)
		l, err := w.Link(ctx(t), bridge, "topic 7", "2")
		must(t, err)
		equal(t, "revision", l.Revision, "11")
		w.checkSeqs(s.ID)
	})
}

// An edit to the same text is no event, and yet the newest that is known.
func TestEditsThatChangeNoTextCountAsRevisions(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		post := w.brought(s, "1")
		w.append(post)
		preview := w.rewritten(s, post, "20")
		preview.Edit.Text = post.Post.Text
		equal(t, "repeated", w.append(preview).Repeated, true)
		equal(t, "an older one", w.append(w.rewritten(s, post, "10")).Repeated, true)
		equal(t, "seq", w.session(s.ID).Seq, 2)
		equal(t, "a newer one", w.append(w.rewritten(s, post, "30")).Repeated, false)
	})
}

func TestEditsOfWhatIsDeletedHaveNoEffect(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		post := w.brought(s, "1")
		w.append(post)
		w.append(core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Delete: post.Post.ID, Events: []core.Event{{Type: core.MessageDeleted, MessageID: post.Post.ID}}})
		equal(t, "repeated", w.append(w.rewritten(s, post, "9")).Repeated, true)
		complete := core.Change{ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Complete: &core.Completion{MessageID: post.Post.ID, ReplyTo: "msg_1"},
			Events: []core.Event{{Type: core.MessageEdited, MessageID: post.Post.ID}}}
		equal(t, "completion repeated", w.append(complete).Repeated, true)
		equal(t, "text", w.text(post.Post.ID), "")
		equal(t, "seq", w.session(s.ID).Seq, 3)
	})
}

func TestAMessageIsCompletedWithWhatItLacks(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		early := w.brought(s, "1")
		early.Once = &core.Once{Scope: bridge, Key: "e:1", Open: true}
		w.append(early)

		a := &core.Attachment{ID: core.NewID(core.KindAttachment), ProjectID: s.ProjectID, Owner: bridge, Name: "a.pdf", Type: "x/y", Size: 7, CreatedAt: 1}
		must(t, w.AddAttachment(ctx(t), a))
		late := w.brought(s, "1")
		late.Post.Attachments = []*core.Attachment{a}
		_, err := w.Append(ctx(t), late)
		equal(t, "stale", errors.Is(err, core.ErrStale), true)

		r := w.append(core.Change{
			ProjectID: s.ProjectID, SessionID: s.ID, At: 5000, Once: late.Once,
			Complete: &core.Completion{MessageID: early.Post.ID, ReplyTo: "msg_1", Attachments: []*core.Attachment{{ID: a.ID, Owner: bridge}}},
			Events:   []core.Event{{Type: core.MessageEdited, MessageID: early.Post.ID}},
		})
		equal(t, "answered with", line(len(r.Message.Attachments), r.Message.ReplyTo), "1 msg_1")
		m, err := w.Message(ctx(t), w.project.ID, early.Post.ID)
		must(t, err)
		equal(t, "stored", line(m.Text, len(m.Attachments), m.ReplyTo, m.EditedAt == 5000), "from 1 1 msg_1 true")
		equal(t, "the post again", w.append(late).Repeated, true)

		var keys []string
		must(t, w.read.Model(&inboundRow{}).Where("bridge = ?", bridge).Order("effect_key").Pluck("effect_key", &keys).Error)
		equal(t, "ledger", fmt.Sprint(keys), "[e:1 m:1]")
	})
}

func TestLinksRememberWhatTheyAnswer(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		for _, external := range []string{"2", "3", "4"} {
			reply := w.brought(s, external)
			if reply.Links[0].Answers = "1"; external == "4" {
				reply.Links[0].Answers = "0"
			}
			w.append(reply)
			w.record(core.Record{SessionID: s.ID, Links: []core.Link{w.link(s, external, reply.Post.ID)}}) // which knows nothing of it
		}
		gone := w.link(s, "3", "")
		gone.Deleted = true
		w.record(core.Record{SessionID: s.ID, Links: []core.Link{gone}})
		answering, err := w.Answering(ctx(t), bridge, "topic 7", "1")
		must(t, err)
		equal(t, "answering", len(answering), 1)
		equal(t, "external id", answering[0].ExternalID, "2")
		none, err := w.Answering(ctx(t), bridge, "topic 7", "")
		must(t, err)
		equal(t, "answering nothing", len(none), 0)
	})
}

// An edit taken for a post that is known keeps its key: it still has to follow.
func TestAnOpenKeyStaysFreeWhereThePostIsKnown(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		post := w.brought(s, "1")
		w.append(post)
		edit := w.rewritten(s, post, "9")
		early := w.brought(s, "1")
		early.Once = &core.Once{Scope: bridge, Key: edit.Once.Key, Open: true}
		equal(t, "known", w.append(early).Message.ID, post.Post.ID)
		equal(t, "repeated", w.append(edit).Repeated, false)
		equal(t, "text", w.text(post.Post.ID), "revision 9")
	})
}

func TestClaims(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		olga, dan := core.Claim{ID: "55", Name: "Olga"}, core.Claim{ID: "66", Name: "Dan"}
		hand := func(from, to core.Claim) error {
			_, err := w.Append(ctx(t), core.Change{
				ProjectID: s.ProjectID, SessionID: s.ID, At: 9, Claim: &core.Handover{From: from, To: to}, Events: []core.Event{{Type: core.SessionClaimed}},
			})
			return err
		}
		must(t, hand(core.Claim{}, olga))
		equal(t, "stale", errors.Is(hand(core.Claim{}, dan), core.ErrStale), true)
		equal(t, "claimed", *w.session(s.ID).Claim, olga)
		w.append(w.post(s, "a post leaves it"))
		must(t, hand(olga, dan))
		equal(t, "taken over", *open(t, url).mustSession(t, s).Claim, dan)
		must(t, hand(dan, core.Claim{}))
		equal(t, "released", w.session(s.ID).Claim == nil, true)

		must(t, hand(core.Claim{}, olga))
		w.append(core.Change{ProjectID: s.ProjectID, VisitorID: s.VisitorID, SessionID: s.ID, Status: core.StatusClosed, At: 9, Events: []core.Event{{Type: core.SessionClosed}}})
		equal(t, "closed is nobody's", w.session(s.ID).Claim == nil, true)
	})
}

func (s *Store) mustSession(t *testing.T, of *core.Session) *core.Session {
	t.Helper()
	found, err := s.Session(ctx(t), of.ProjectID, of.ID)
	must(t, err)
	return found
}

// The older session that a joining closes is nobody's either.
func TestJoiningEndsTheClaimOfTheOlderSession(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		older := w.openSession(w.visitor)
		w.append(core.Change{
			ProjectID: older.ProjectID, SessionID: older.ID, At: 9, Claim: &core.Handover{To: core.Claim{ID: "55", Name: "Olga"}},
			Events: []core.Event{{Type: core.SessionClaimed}},
		})
		known := w.newVisitor()
		w.openSession(known)
		events, err := w.JoinVisitor(ctx(t), w.project.ID, w.visitor.ID, known.ID, 10_000, nil, nil)
		must(t, err)
		closed := slices.IndexFunc(events, func(e *core.Event) bool { return e.Type == core.SessionClosed })
		equal(t, "closed", closed >= 0, true)
		equal(t, "claim", w.session(events[closed].SessionID).Claim == nil, true)
	})
}

// Each answer of an operator asks whether others waited for it: what that costs does not grow
// with the thread.
func TestWhatIsAnsweredIsFoundByItsIndex(t *testing.T) {
	t.Parallel()
	s := open(t, "sqlite:"+filepath.Join(t.TempDir(), "plan.db"))
	query := s.read.ToSQL(func(tx *gorm.DB) *gorm.DB {
		return answering(tx, bridge, "topic 7", "1").Find(&[]linkRow{})
	})
	if plan := explain(t, s, query); !strings.Contains(plan, "links_answers") || strings.Contains(plan, "TEMP B-TREE") {
		t.Errorf("it is found by %s", plan)
	}
}

func TestAVisitorIsFoundByTheToken(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		query := s.read.ToSQL(func(tx *gorm.DB) *gorm.DB {
			return tx.Where(byToken, map[string]any{"project": "p", "hash": []byte("h")}).Take(&visitorRow{})
		})
		plan := explain(t, s, query)
		if strings.Contains(plan, "CORRELATED") || strings.Contains(plan, "SubPlan") {
			t.Errorf("the token is looked for with each visitor: %s", plan)
		}
	})
}

// explain is how the database would find what the query asks for in tables that are not
// as small as a test's.
func explain(t *testing.T, s *Store, query string) string {
	t.Helper()
	var plan []map[string]any
	must(t, s.read.Transaction(func(tx *gorm.DB) error {
		if tx.Name() == "postgres" {
			for _, off := range []string{"enable_seqscan", "enable_sort", "enable_bitmapscan"} {
				if err := tx.Exec("SET LOCAL " + off + " = off").Error; err != nil {
					return err
				}
			}
			return tx.Raw("EXPLAIN " + query).Scan(&plan).Error
		}
		return tx.Raw("EXPLAIN QUERY PLAN " + query).Scan(&plan).Error
	}))
	return fmt.Sprint(plan)
}
