package store

import (
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

func TestSessionPages(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		var want []string
		for i := range 7 {
			c := w.opening(w.newVisitor())
			c.At, c.Open.LastActivity = core.Time(1000+i/2), 0 // some at the same moment
			want = append([]string{w.append(c).Session.ID}, want...)
		}
		var have []string
		cursor := ""
		for page := 0; page == 0 || cursor != ""; page++ {
			list, next, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{w.project.ID}, Limit: 3, Cursor: cursor})
			must(t, err)
			for _, s := range list {
				have = append(have, s.ID)
			}
			cursor = next
		}
		equal(t, "pages", line(have), line(want))

		closed, _, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{w.project.ID}, Status: core.StatusClosed})
		must(t, err)
		equal(t, "closed", len(closed), 0)
		none, _, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{"proj_other"}})
		must(t, err)
		equal(t, "of another project", len(none), 0)
		_, _, err = w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{w.project.ID}, Cursor: "?"})
		wantCode(t, err, core.CodeInvalid)
	})
}

func TestMessagePages(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.openSession(w.visitor)
		for i := range 6 { // seqs 2 to 7, the last a note
			c := w.post(s, line(i))
			c.Post.Note = i == 5
			w.append(c)
		}
		page := func(q core.MessageQuery, want string) {
			t.Helper()
			q.ProjectID, q.SessionID = s.ProjectID, s.ID
			list, more, err := w.Messages(ctx(t), q)
			must(t, err)
			var seqs []int64
			for _, m := range list {
				seqs = append(seqs, m.Seq)
			}
			equal(t, "page", line(seqs, more), want)
		}
		page(core.MessageQuery{Limit: 2}, "[5 6] true")
		page(core.MessageQuery{Limit: 2, Before: 4}, "[2 3] false")
		page(core.MessageQuery{Limit: 2, After: 2}, "[3 4] true")
		page(core.MessageQuery{After: 4, Notes: true}, "[5 6 7] false")
		page(core.MessageQuery{After: 2, Before: 5}, "[3 4] false")
	})
}

func TestVisitors(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		v := w.newVisitor()
		must(t, w.AddVisitor(ctx(t), v, core.Hash("second device")))
		for _, token := range []string{v.ID, "second device"} {
			have, err := w.VisitorByToken(ctx(t), w.project.ID, core.Hash(token))
			must(t, err)
			equal(t, "visitor", have.ID, v.ID)
		}
		_, err := w.VisitorByToken(ctx(t), "proj_other", core.Hash(v.ID))
		wantCode(t, err, core.CodeNotFound)
		_, err = w.VisitorByToken(ctx(t), w.project.ID, core.Hash("wrong"))
		wantCode(t, err, core.CodeNotFound)

		v.Subject, v.Name, v.Verified, v.Traits = "user-1", "Olga", true, map[string]string{"plan": "pro"}
		must(t, w.SaveVisitor(ctx(t), v))
		have, err := w.VisitorBySubject(ctx(t), w.project.ID, "user-1")
		must(t, err)
		equal(t, "visitor", line(have.Name, have.Verified, have.Traits["plan"]), "Olga true pro")
		_, err = w.VisitorBySubject(ctx(t), w.project.ID, "")
		wantCode(t, err, core.CodeNotFound)

		twin := *w.newVisitor()
		twin.Subject = "user-1"
		wantCode(t, w.SaveVisitor(ctx(t), &twin), core.CodeConflict)
	})
}

func TestJoinVisitor(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		known, anonymous := w.visitor, w.newVisitor()
		anonymous.Waiting = []core.Event{{Type: core.VisitorTracked, At: 5}}
		must(t, w.SaveVisitor(ctx(t), anonymous))
		older := w.openSession(known)
		newer := w.opening(anonymous)
		newer.Open.CreatedAt = 2500
		kept := w.append(newer).Session
		frame := w.post(kept, "sent before")
		w.append(frame)

		events, err := w.JoinVisitor(ctx(t), w.project.ID, anonymous.ID, known.ID, 9000, []string{bridge}, nil)
		must(t, err)
		equal(t, "events", len(events), 1)
		equal(t, "closed", line(events[0].Type, events[0].SessionID == older.ID, events[0].Seq, events[0].Owed), "session.closed true 2 [acme.telegram]")
		equal(t, "older", w.session(older.ID).Status, core.StatusClosed)
		equal(t, "newer's visitor", w.session(kept.ID).VisitorID, known.ID)
		have, err := w.VisitorByToken(ctx(t), w.project.ID, core.Hash(anonymous.ID))
		must(t, err)
		equal(t, "token's visitor", have.ID, known.ID)
		equal(t, "waiting", len(have.Waiting), 1)
		_, err = w.Visitor(ctx(t), w.project.ID, anonymous.ID)
		wantCode(t, err, core.CodeNotFound)

		_, err = w.Append(ctx(t), w.opening(anonymous))
		wantCode(t, err, core.CodeUnauthorized)
		wantCode(t, w.SaveVisitor(ctx(t), anonymous), core.CodeUnauthorized)

		frame.VisitorID, frame.Once.Scope = known.ID, known.ID
		equal(t, "the same frame again", w.append(frame).Repeated, true)
		_, err = w.JoinVisitor(ctx(t), w.project.ID, "vis_none", known.ID, 9000, nil, nil)
		wantCode(t, err, core.CodeNotFound)
		w.checkPositions(4)
	})
}

func TestLoginCodeIsUsedOnce(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		code := func(name string, until core.Time) {
			must(t, s.AddLogin(ctx(t), core.Login{ID: core.NewID(core.KindOperator), Name: name, CodeHash: core.Hash(name), CodeUntil: until}))
		}
		code("olga", 100)
		code("late", 50)
		_, err := s.UseLoginCode(ctx(t), false, core.Hash("late"), core.Hash("cookie 0"), 60)
		wantCode(t, err, core.CodeUnauthorized)
		l, err := s.UseLoginCode(ctx(t), false, core.Hash("olga"), core.Hash("cookie 1"), 60)
		must(t, err)
		equal(t, "name", l.Name, "olga")
		_, err = s.UseLoginCode(ctx(t), false, core.Hash("olga"), core.Hash("cookie 2"), 60)
		wantCode(t, err, core.CodeUnauthorized)
		l, err = s.LoginByCookie(ctx(t), core.Hash("cookie 1"))
		must(t, err)
		equal(t, "name", l.Name, "olga")
		_, err = s.LoginByCookie(ctx(t), core.Hash("cookie 2"))
		wantCode(t, err, core.CodeNotFound)
	})
}

func TestProjects(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		s := open(t, url)
		spec := ProjectSpec{Slug: "acme", Name: "Acme", Origins: []string{"https://a.example"}, ReopenWithin: time.Hour,
			Widget: core.Widget{Color: "#123456"}, Bridges: []string{"acme.inbox"}, SecretKey: "sk_given"}
		first, err := s.SyncProject(ctx(t), spec)
		must(t, err)
		equal(t, "bridges", line(first.Bridges), "[acme.inbox]")
		equal(t, "secret", string(first.SecretHash), string(core.Hash("sk_given")))

		spec.Name, spec.SecretKey, spec.PublicKey = "Acme Inc", "", "pk_mine"
		second, err := s.SyncProject(ctx(t), spec)
		must(t, err)
		equal(t, "id", second.ID, first.ID)
		equal(t, "identity key", second.IdentityKey, first.IdentityKey)
		equal(t, "secret kept", string(second.SecretHash), string(first.SecretHash))
		equal(t, "public key", second.PublicKey, "pk_mine")

		must(t, s.RotateKey(ctx(t), first.ID, core.KindSecretKey, "sk_next", 0))
		list, err := s.Projects(ctx(t))
		must(t, err)
		equal(t, "rotated", string(list[0].SecretHash), string(core.Hash("sk_next")))
		equal(t, "listed", line(len(list), list[0].Name, list[0].Origins, list[0].ReopenWithin, list[0].Widget.Color), "1 Acme Inc [https://a.example] 1h0m0s #123456")
		wantCode(t, s.RotateKey(ctx(t), "proj_none", core.KindSecretKey, "sk_none", 0), core.CodeNotFound)
		_, err = s.SyncProject(ctx(t), ProjectSpec{Slug: "other", PublicKey: "pk_mine"})
		wantCode(t, err, core.CodeConflict)
	})
}
