package store

import (
	"fmt"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
)

// Days begin when they do in the zone, also on the day on which the clock is set.
func TestSeries(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		zone, err := time.LoadLocation("Europe/Vienna")
		must(t, err)
		at := func(day, hour, minute int) core.Time {
			return core.TimeOf(time.Date(2026, 3, day, hour, minute, 0, 0, zone))
		}
		asked := func(at core.Time, page string) *core.Session {
			c := w.opening(w.newVisitor())
			c.At, c.Open.CreatedAt, c.Open.LastActivity, c.Open.Metadata = at, at, at, map[string]string{"url": page}
			s := w.append(c).Session
			w.said(s, core.SenderVisitor, core.ViaWidget, at, false)
			return s
		}
		late := asked(at(28, 23, 45), "https://acme.example/shop?q=1#top") // a Saturday
		w.said(late, core.SenderOperator, "acme.telegram", at(29, 0, 15), false)
		early := asked(at(29, 3, 30), "https://acme.example/shop") // the clock went from 2 to 3
		w.said(early, core.SenderOperator, "acme.telegram", at(29, 3, 31), false)
		w.append(core.Change{ProjectID: w.project.ID, SessionID: early.ID, At: at(29, 4, 0), Rating: &core.Rating{Score: 4}, Events: []core.Event{{Type: core.SessionRated}}})
		asked(at(30, 12, 0), "javascript:alert(1)")

		q := core.SeriesQuery{ProjectIDs: []string{w.project.ID, "proj_other"}, From: at(27, 0, 0), To: at(31, 0, 0), Zone: zone}
		s, err := w.Series(ctx(t), q)
		must(t, err)
		var steps string
		for _, step := range s.Steps {
			steps += fmt.Sprint(step.From.Std().In(zone).Format("2 15h"), step.Sessions, step.Messages, step.FirstResponse, step.Ratings, step.Average, "; ")
		}
		equal(t, "steps", steps, "27 00h0 {0 0} {0 0 0 0} 0 0; 28 00h1 {1 0} {1 0 1800 1800} 0 0; 29 00h1 {1 2} {1 0 60 60} 1 4; 30 00h1 {1 0} {0 1 0 0} 0 0; ")
		equal(t, "sums", fmt.Sprint(s.Sessions, s.Visitors, s.Messages, s.FirstResponse, s.Ratings), "{3 0} 3 {3 2} {2 1 60 1800} {1 4 [0 0 0 1 0]}")
		equal(t, "pages", fmt.Sprint(s.Pages), "[{/shop 2} {other 1}]")
		equal(t, "the week", fmt.Sprint(s.Week[time.Saturday][23], s.Week[time.Sunday][3], s.Week[time.Monday][12]), "1 1 1")
		equal(t, "in words", fmt.Sprint(s.Hourly, " ", s.Zone), "false Europe/Vienna")

		q.From, q.To = at(29, 0, 0), at(30, 0, 0)
		s, err = w.Series(ctx(t), q)
		must(t, err)
		equal(t, "hours", fmt.Sprint(s.Hourly, len(s.Steps), s.Steps[2].From.Std().In(zone).Hour(), s.Steps[2].Sessions, s.Messages), "true 23 3 1 {1 2}")
		q.ProjectIDs = nil
		s, err = w.Series(ctx(t), q)
		must(t, err)
		equal(t, "of nobody", fmt.Sprint(len(s.Steps), s.Sessions, s.Ratings.Scores), "23 {0 0} [0 0 0 0 0]")
	})
}

func TestSearch(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		v := w.visitor
		v.Name, v.Email = "Ana Kovač", "ana@kovac.example"
		must(t, w.SaveVisitor(ctx(t), v))
		ana, other := w.openSession(v), w.openSession(w.newVisitor())
		w.append(w.post(other, "It is 100% BROKEN! see a_b, Élise"))
		for words, want := range map[string]*core.Session{
			"ana kov": ana, "Kovač": ana, "ANA@KOVAC": ana, ana.ID: ana, v.ID: ana,
			"broken!": other, "100%": other, "A_B": other, "Élise": other, other.ID: other,
		} {
			found, _, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{w.project.ID}, Search: words, Limit: 10})
			must(t, err)
			if len(found) != 1 || found[0].ID != want.ID {
				t.Errorf("%q finds %d sessions", words, len(found))
			}
		}
		for _, words := range []string{"1000%", "a-b", ana.ID[:10], "'"} {
			found, _, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{w.project.ID}, Search: words, Limit: 10})
			must(t, err)
			equal(t, words, len(found), 0)
		}
		found, _, err := w.Sessions(ctx(t), core.SessionQuery{ProjectIDs: []string{"proj_other"}, Search: "broken", Limit: 10})
		must(t, err)
		equal(t, "in another project", len(found), 0)
	})
}

func TestAdminLogins(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		must(t, w.AddLogin(ctx(t), core.Login{ID: "op_1", Name: "Olga", CodeHash: core.Hash("code"), CodeUntil: 100, Admin: true}))
		_, err := w.UseLoginCode(ctx(t), false, core.Hash("code"), core.Hash("cookie"), 50)
		wantCode(t, err, core.CodeUnauthorized)
		l, err := w.UseLoginCode(ctx(t), true, core.Hash("code"), core.Hash("cookie"), 50)
		must(t, err)
		equal(t, "admin", l.Admin, true)
		must(t, w.RemoveLogin(ctx(t), core.Hash("cookie")))
		_, err = w.LoginByCookie(ctx(t), core.Hash("cookie"))
		wantCode(t, err, core.CodeNotFound)
	})
}
