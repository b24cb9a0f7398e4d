package store

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
)

// stranger asks in the name of another project for what is the victim's.
type stranger struct {
	*world
	project string // another than the victim's
	own     *core.Visitor
	session *core.Session // their own

	victim  *core.Visitor
	theirs  *core.Session
	message string
	file    string
}

// worldly are methods that name no project because what they do is the server's, a
// bridge's or a login's; what a bridge may see is decided by who holds its lease.
var worldly = []string{
	"AddAudit", "AddLogin", "AddProject", "Answering", "Backlogs", "Close", "DeadLetters", "DropDead", "First", "Forget", "ForgetBrowsers", "Generation", "Lease", "Link", "LoginByCookie",
	"NextErasure", "NextGeneration", "Outline", "Owed", "OwedBelow", "OwedDeliveries", "Owing", "Ping", "Presences", "Projects", "ProjectsRevision", "RemoveLogin", "RetryDead", "Revive", "Run", "SaveOutline", "SaveState", "SaveStatus", "Secret", "SessionOfThread", "State", "Statuses",
	"SyncProject", "SyncProjects", "Thread", "Unneeded", "UseLoginCode", "Wipe",
}

// asks are all other methods of the store, each with a project that is not the
// victim's and the victim's ids.
var asks = map[string]func(x *stranger) []any{
	"Append": func(x *stranger) (all []any) {
		at := core.Change{ProjectID: x.project, VisitorID: x.victim.ID, SessionID: x.theirs.ID, At: 9}
		post := &core.Message{ID: core.NewID(core.KindMessage), Sender: core.SenderVisitor, Text: "a stranger's", Via: core.ViaWidget}
		said := []core.Event{{Type: core.MessagePosted, MessageID: post.ID}}
		into, edit, gone, closed, rated, taken := at, at, at, at, at, at
		into.Post, into.Events = post, said
		edit.Edit, edit.Events = &core.Edit{MessageID: x.message, Text: "changed"}, []core.Event{{Type: core.MessageEdited, MessageID: x.message}}
		gone.Delete, gone.Events = x.message, []core.Event{{Type: core.MessageDeleted, MessageID: x.message}}
		closed.Status, closed.Events = core.StatusClosed, []core.Event{{Type: core.SessionClosed}}
		rated.Rating, rated.Events = &core.Rating{Score: 1}, []core.Event{{Type: core.SessionRated}}
		// In their own session, with a file of the victim.
		taken.SessionID, taken.VisitorID, taken.Events = x.session.ID, x.own.ID, said
		taken.Post = &core.Message{ID: post.ID, Sender: core.SenderVisitor, Text: "mine", Via: core.ViaWidget, Attachments: []*core.Attachment{{ID: x.file, Owner: x.own.ID}}}
		opened, named := at, at
		opened.SessionID = core.NewID(core.KindSession)
		opened.Open, opened.Events = &core.Session{ID: opened.SessionID, Status: core.StatusActive}, []core.Event{{Type: core.SessionOpened}}
		named.SessionID, named.Visitor = "", &core.Visitor{ID: x.victim.ID, ProjectID: x.project, Name: "a stranger's"}
		for _, c := range []core.Change{into, edit, gone, closed, rated, taken, opened, named} {
			r, err := x.Append(ctx(x.t), c)
			all = append(all, r, err)
		}
		return all
	},
	"Record": func(x *stranger) []any {
		s, err := x.Record(ctx(x.t), core.Record{BridgeID: bridge, ProjectID: x.project, SessionID: x.theirs.ID, Thread: "stolen", Delivered: 3, Done: []int64{1, 2, 3}})
		return []any{s, err}
	},
	"MarkRead": func(x *stranger) []any {
		s, moved, err := x.MarkRead(ctx(x.t), x.project, x.theirs.ID, core.SenderVisitor, 9)
		return []any{s, moved, err}
	},
	"Session":       func(x *stranger) []any { return told(x.Session(ctx(x.t), x.project, x.theirs.ID)) },
	"NewestSession": func(x *stranger) []any { return told(x.NewestSession(ctx(x.t), x.project, x.victim.ID)) },
	"Sessions": func(x *stranger) []any {
		one, _, err := x.Sessions(ctx(x.t), core.SessionQuery{ProjectIDs: []string{x.project}, VisitorID: x.victim.ID, Limit: 9})
		two, _, err2 := x.Sessions(ctx(x.t), core.SessionQuery{ProjectIDs: []string{x.project}, Search: "Zerlinde", Limit: 9})
		three, _, err3 := x.Sessions(ctx(x.t), core.SessionQuery{ProjectIDs: []string{x.project}, Search: x.theirs.ID, Limit: 9, Cursor: cursorAfter(1<<60, "z")})
		four, _, err4 := x.Sessions(ctx(x.t), core.SessionQuery{VisitorID: x.victim.ID, Limit: 9})
		return []any{one, err, two, err2, three, err3, four, err4}
	},
	"Message": func(x *stranger) []any { return told(x.Message(ctx(x.t), x.project, x.message)) },
	"Messages": func(x *stranger) []any {
		messages, _, err := x.Messages(ctx(x.t), core.MessageQuery{ProjectID: x.project, SessionID: x.theirs.ID, Notes: true, Limit: 99})
		return []any{messages, err}
	},
	"Events":  func(x *stranger) []any { return told(x.Events(ctx(x.t), x.project, x.theirs.ID, 0, 99)) },
	"Visitor": func(x *stranger) []any { return told(x.Visitor(ctx(x.t), x.project, x.victim.ID)) },
	"VisitorByToken": func(x *stranger) []any {
		return told(x.VisitorByToken(ctx(x.t), x.project, core.Hash(x.victim.ID)))
	},
	"VisitorBySubject": func(x *stranger) []any {
		return told(x.VisitorBySubject(ctx(x.t), x.project, "Zerlinde-subject"))
	},
	"AddVisitor": func(x *stranger) []any {
		return []any{x.AddVisitor(ctx(x.t), &core.Visitor{ID: x.victim.ID, ProjectID: x.project}, core.Hash("another"))}
	},
	"SaveVisitor": func(x *stranger) []any {
		return []any{x.SaveVisitor(ctx(x.t), &core.Visitor{ID: x.victim.ID, ProjectID: x.project, Name: "a stranger's"})}
	},
	"JoinVisitor": func(x *stranger) []any {
		return append(told(x.JoinVisitor(ctx(x.t), x.project, x.victim.ID, x.own.ID, 9, nil, nil)),
			told(x.JoinVisitor(ctx(x.t), x.project, x.own.ID, x.victim.ID, 9, nil, nil))...)
	},
	"Seen": func(x *stranger) []any { return []any{x.Seen(ctx(x.t), x.project, x.victim.ID, 1<<40)} },
	"SameBrowser": func(x *stranger) []any {
		return told(x.SameBrowser(ctx(x.t), x.project, x.own.ID, "looks", 0))
	},
	"AddAttachment": func(x *stranger) []any {
		return []any{x.AddAttachment(ctx(x.t), &core.Attachment{ID: x.file, ProjectID: x.project, Owner: x.own.ID, Name: "mine"})}
	},
	"Attachment": func(x *stranger) []any { return told(x.Attachment(ctx(x.t), x.project, x.file)) },
	"Uploaded": func(x *stranger) []any {
		n, err := x.Uploaded(ctx(x.t), x.project, x.victim.ID, 0)
		equal(x.t, "bytes that the victim sent to another project", n, 0)
		return []any{err}
	},
	"ProjectEvents": func(x *stranger) []any { return told(x.ProjectEvents(ctx(x.t), x.project, 0, 999)) },
	"LastPos": func(x *stranger) []any {
		n, err := x.LastPos(ctx(x.t), x.project)
		equal(x.t, "the place of the other project", n < 9, true)
		return []any{err}
	},
	"Stats": func(x *stranger) []any { return told(x.Stats(ctx(x.t), x.project, 0, 1<<50)) },
	"Series": func(x *stranger) []any {
		return told(x.Series(ctx(x.t), core.SeriesQuery{ProjectIDs: []string{x.project}, From: 1, To: 1000}))
	},
	"VisitorThreads": func(x *stranger) []any {
		return told(x.VisitorThreads(ctx(x.t), x.project, x.victim.ID))
	},
	"VisitorFiles": func(x *stranger) []any { return told(x.VisitorFiles(ctx(x.t), x.project, x.victim.ID)) },
	"EraseVisitor": func(x *stranger) []any {
		e, files, err := x.EraseVisitor(ctx(x.t), x.project, x.victim.ID, func(*core.Erasure) *core.AuditEntry { return nil })
		return []any{e, files, err}
	},
	"AddErasure": func(x *stranger) []any { return []any{x.AddErasure(ctx(x.t), x.erasure("topic of Zerlinde"))} },
	"SaveErasure": func(x *stranger) []any {
		return []any{x.SaveErasure(ctx(x.t), x.erasure("erased of Zerlinde"), []string{"1"})}
	},
	"EndErasure": func(x *stranger) []any { return []any{x.EndErasure(ctx(x.t), x.erasure("erased of Zerlinde"), nil)} },
	"EraseIdle": func(x *stranger) []any {
		files, more, err := x.EraseIdle(ctx(x.t), x.project+"x", 1<<50, &core.Erasure{})
		return []any{files, more, err}
	},
	"EraseUnseen": func(x *stranger) []any {
		files, more, err := x.EraseUnseen(ctx(x.t), x.project+"x", 1<<50, &core.Erasure{})
		return []any{files, more, err}
	},
	"Waiting": func(x *stranger) []any { return told(x.Waiting(ctx(x.t), x.project, 1<<50, 9, 99)) },
	"BeginReminders": func(x *stranger) []any {
		return []any{x.BeginReminders(ctx(x.t), x.project, 1<<50, 9), x.EndReminders(ctx(x.t), x.project)}
	},
	"EndReminders": func(x *stranger) []any { return []any{x.EndReminders(ctx(x.t), x.project)} },
	"OldFiles":     func(x *stranger) []any { return told(x.OldFiles(ctx(x.t), x.project, 1<<50, 99)) },
	"ExpireFiles":  func(x *stranger) []any { return []any{x.ExpireFiles(ctx(x.t), x.project, []string{x.file})} },
	"AuditLog": func(x *stranger) []any {
		entries, _, err := x.AuditLog(ctx(x.t), core.AuditQuery{ProjectID: x.project, Limit: 99})
		return []any{entries, err}
	},
	"Threads": func(x *stranger) []any {
		threads, _, err := x.Threads(ctx(x.t), bridge, core.SessionQuery{ProjectIDs: []string{x.project}, Limit: 99})
		return []any{threads, err}
	},
	"Links": func(x *stranger) []any {
		return told(x.Links(ctx(x.t), []string{x.project}, bridge, "topic of Zerlinde", 99))
	},
	"RotateKey": func(x *stranger) []any {
		return []any{x.RotateKey(ctx(x.t), x.project+"x", core.KindSecretKey, core.NewKey(core.KindSecretKey), 1<<50)}
	},
	"SaveProject": func(x *stranger) []any {
		return []any{x.SaveProject(ctx(x.t), &core.Project{ID: x.project + "x", Name: "a stranger's"})}
	},
	"EachVisitor": func(x *stranger) []any { return everything(x, x.EachVisitor) },
	"EachSession": func(x *stranger) []any { return everything(x, x.EachSession) },
	"EachMessage": func(x *stranger) []any { return everything(x, x.EachMessage) },
	"EachRating":  func(x *stranger) []any { return everything(x, x.EachRating) },
	"Extent": func(x *stranger) []any {
		e, err := x.Extent(ctx(x.t), Span{ProjectID: x.project})
		equal(x.t, "the messages of a stranger", e.Messages, 0)
		return []any{e, err}
	},
	"RemoveProject": func(x *stranger) []any { return told(x.RemoveProject(ctx(x.t), x.project+"x")) },
}

// erasure is a thread of the bridge, as one of the stranger's project.
func (x *stranger) erasure(thread string) *core.ThreadErasure {
	return &core.ThreadErasure{BridgeID: bridge, ProjectID: x.project, Thread: thread, Links: []string{"1", "2"}}
}

// everything is what is exported of the stranger's project.
func everything[T any](x *stranger, each func(context.Context, Span, func(T) error) error) (all []any) {
	err := each(ctx(x.t), Span{ProjectID: x.project}, func(one T) error {
		all = append(all, one)
		return nil
	})
	return append(all, err)
}

func told[T any](v T, err error) []any { return []any{v, err} }

// Every query names the project it is for: with another's, whatever ids come with it,
// nothing is found and nothing changes. A new method of the store is named here, or
// fails.
func TestEveryQueryNamesTheProject(t *testing.T) {
	onBoth(t, func(t *testing.T, url string) {
		w := newWorld(t, url)
		s := w.lived(w.visitor, "Zerlinde")
		must(t, w.AddAudit(ctx(t), &core.AuditEntry{ID: core.NewID(core.KindAudit), ProjectID: w.project.ID, At: 9, Actor: "Zerlinde", Action: "x.y", Subject: "z"}))
		x := &stranger{world: w, victim: w.visitor, theirs: s}
		must(t, w.AddErasure(ctx(t), &core.ThreadErasure{BridgeID: bridge, ProjectID: w.project.ID, Thread: "erased of Zerlinde", Links: []string{"1", "2"}}))
		events, err := w.Events(ctx(t), w.project.ID, s.ID, 0, 0)
		must(t, err)
		for _, e := range events {
			if m := e.Message; m != nil && len(m.Attachments) > 0 {
				x.message, x.file = m.ID, m.Attachments[0].ID
			}
		}
		birch, err := w.SyncProject(ctx(t), ProjectSpec{Slug: "birch", Name: "Birch", Origins: []string{"https://birch.example"}})
		must(t, err)
		acme := w.project
		w.project, x.project = birch, birch.ID
		x.own = w.newVisitor()
		x.session = w.openSession(x.own)
		w.project = acme
		before := w.sorted()
		methods := reflect.TypeFor[*Store]()
		for i := range methods.NumMethod() {
			name := methods.Method(i).Name
			ask := asks[name]
			if ask == nil {
				if !slices.Contains(worldly, name) {
					t.Errorf("no stranger asks %s: add it to asks", name)
				}
				continue
			}
			got, err := json.Marshal(answers(ask(x)))
			must(t, err)
			for _, word := range []string{"Zerlinde", w.visitor.ID, s.ID, x.message, x.file} {
				if strings.Contains(string(got), word) {
					t.Errorf("%s tells another project %s: %s", name, word, got)
				}
			}
			if after := w.sorted(); after != before {
				t.Errorf("%s changed what is another project's:\n%s", name, differences(before, after))
				before = after
			}
		}
	})
}

// sorted is the dump, the same whenever the rows are.
func (w *world) sorted() string {
	lines := strings.Split(w.dump(), "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

// answers leaves out what errors say: that repeats what was asked for.
func answers(all []any) (kept []any) {
	for _, v := range all {
		if _, failed := v.(error); !failed {
			kept = append(kept, v)
		}
	}
	return kept
}

func differences(before, after string) string {
	had := strings.Split(before, "\n")
	var b strings.Builder
	for _, l := range strings.Split(after, "\n") {
		if !slices.Contains(had, l) {
			fmt.Fprintln(&b, l)
		}
	}
	return b.String()
}
