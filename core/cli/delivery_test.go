package cli_test

import (
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/store"
)

// buried gives the project of the folder a session, of which a bridge cannot take the
// event 2, and a hook that is no more the events 1 and 2.
func buried(t *testing.T, dir string) (session string) {
	t.Helper()
	s, err := store.Open(t.Context(), "sqlite:"+filepath.Join(dir, "pocketping.db"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	projects, err := s.Projects(t.Context())
	if err != nil || len(projects) != 1 {
		t.Fatal(projects, err)
	}
	project, session := projects[0].ID, core.NewID(core.KindSession)
	v := &core.Visitor{ID: core.NewID(core.KindVisitor), ProjectID: project, CreatedAt: 1}
	m := &core.Message{ID: core.NewID(core.KindMessage), Sender: core.SenderVisitor, Text: "hello", Via: core.ViaWidget, CreatedAt: 1}
	owed := []string{"inbox", "gone"}
	if err := s.AddVisitor(t.Context(), v, core.Hash(v.ID)); err != nil {
		t.Fatal(err)
	}
	_, err = s.Append(t.Context(), core.Change{
		ProjectID: project, VisitorID: v.ID, SessionID: session, At: 1, Post: m,
		Open:   &core.Session{ID: session, Status: core.StatusActive, CreatedAt: 1, LastActivity: 1},
		Events: []core.Event{{Type: core.SessionOpened, Owed: owed}, {Type: core.MessagePosted, MessageID: m.ID, Owed: owed}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range []core.Record{{BridgeID: "inbox", Done: []int64{2}, Dead: "it is too long"}, {BridgeID: "gone", Done: []int64{1, 2}, Dead: "no such place"}} {
		r.ProjectID, r.SessionID = project, session
		if _, err := s.Record(t.Context(), r); err != nil {
			t.Fatal(err)
		}
	}
	return session
}

func TestDelivery(t *testing.T) {
	t.Parallel()
	dir := folder(t, demo+`bridge "inbox" {}`)
	if got := run(t, dir, "project", "list"); got.status != 0 { // makes the project
		t.Fatal(got)
	}
	session := buried(t, dir)

	got := run(t, dir, "delivery", "list")
	for _, want := range []string{"inbox", "it is too long", "inbox/" + session + "/2", "no such place", "message.posted"} {
		if got.status != 0 || !strings.Contains(got.stdout, want) {
			t.Errorf("%q is not in the list: %+v", want, got)
		}
	}
	listed := func(args ...string) (v struct {
		Bridges []core.Backlog
		Dead    []struct {
			ID    string
			Again bool
		}
	}) {
		t.Helper()
		got := run(t, dir, append([]string{"delivery", "list", "--json"}, args...)...)
		if err := json.Unmarshal([]byte(got.stdout), &v); err != nil || got.status != 0 {
			t.Fatalf("%v: %+v", err, got)
		}
		return v
	}
	v := listed()
	if len(v.Dead) != 3 || len(v.Bridges) != 2 || v.Bridges[0].BridgeID != "inbox" || v.Bridges[0].Waiting != 1 || v.Bridges[0].Dead != 1 || v.Bridges[1].Dead != 2 {
		t.Fatalf("the list is %+v", v)
	}
	if got := run(t, dir, "delivery", "retry", "inbox/"+session+"/2"); got.stdout != "To be tried again: 1 dead letter.\n" {
		t.Errorf("retry says %+v", got)
	}
	if v := listed("--bridge", "inbox"); len(v.Dead) != 1 || !v.Dead[0].Again || len(v.Bridges) != 1 {
		t.Errorf("after the retry: %+v", v)
	}
	if got := run(t, dir, "delivery", "drop", "--bridge", "gone"); got.stdout != "Dropped: 2 dead letters.\n" {
		t.Errorf("drop says %+v", got)
	}
	if v := listed(); len(v.Dead) != 1 {
		t.Errorf("after the drop: %+v", v)
	}
	log := run(t, dir, "audit").stdout
	for _, want := range []string{"delivery.retried", "delivery.dropped", "2 dead letters", "event 2 of session " + core.AuditSubject(session)} {
		if !strings.Contains(log, want) {
			t.Errorf("%q is not in the audit log:\n%s", want, log)
		}
	}
	complains(t, run(t, dir, "delivery", "drop", "--bridge", "gone"), "error: there is no dead letter of gone: `pocketping delivery list` shows .*")
	complains(t, run(t, dir, "delivery", "retry"), "error: retry which\\? Name ids, .*--bridge .*")
	complains(t, run(t, dir, "delivery", "retry", "12"), `error: "12" is no id of a delivery: .*delivery list.*`)
	complains(t, run(t, dir, "delivery", "list", "--bridge", "inbx"), `error: no bridge or hook "inbx" in config\.hcl, .*: there are inbox`)
}
