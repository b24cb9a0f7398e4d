package host_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
	"github.com/pocketping/pocketping/core/store"
)

// A bridge of several projects learns of those that come, change and go, and goes on.
func TestProjectsThatComeAreToldWithoutARestart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	other, err := w.store.SyncProject(t.Context(), store.ProjectSpec{Slug: "shop", Name: "Shop"})
	must(t, err)
	var serves atomic.Pointer[[]*core.Project]
	serves.Store(&[]*core.Project{w.project})
	w.host.Run(w.spec(func(s *host.Spec) { s.Projects = func() []*core.Project { return *serves.Load() } }))
	w.visitor("Anna").say("up")
	w.delivered("up")
	handler, _, _ := w.host.Handler(bridgeID)
	knows := func() string {
		_, body := get(t, handler, "/plugins/"+bridgeID+"/projects")
		return body
	}
	before := knows()
	if !strings.HasPrefix(before, "acme Acme (") {
		t.Fatalf("the plugin knows %q", before)
	}
	_, pid, _ := strings.Cut(before, "(")

	renamed := *w.project
	renamed.Name = "Acme Ltd"
	serves.Store(&[]*core.Project{&renamed, other})
	w.host.TellProjects()
	want := "acme Acme Ltd (" + pid + "shop Shop (" + pid
	for deadline := time.After(patience); knows() != want; {
		select {
		case <-deadline:
			t.Fatalf("the plugin knows %q, not %q", knows(), want)
		case <-time.After(time.Millisecond):
		}
	}
}

// What is owed of a project that a bridge does not serve any more is not told there, and
// is once it does again.
func TestWhatIsOwedOfAnotherProjectWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	shop, err := w.store.SyncProject(t.Context(), store.ProjectSpec{Slug: "shop", Name: "Shop", Bridges: []string{bridgeID}})
	must(t, err)
	w.chat = core.NewChat(core.Options{Store: w.store, Bus: w.bus, Projects: core.NewProjects([]*core.Project{w.project, shop})})
	serves := func(projects ...*core.Project) *[]*core.Project { return &projects }
	var now atomic.Pointer[[]*core.Project]
	now.Store(serves(shop))
	anna := w.visitor("Anna")
	anna.say("not for them")
	acme := w.project
	w.project = shop
	ben := w.visitor("Ben")
	w.host.Run(w.spec(func(s *host.Spec) { s.Projects = func() []*core.Project { return *now.Load() } }))
	ben.say("for them")
	w.delivered("for them")
	w.status("nothing else waits", func(s core.BridgeStatus) bool { return s.Backlog == 0 })

	now.Store(serves(shop, acme))
	w.host.TellProjects()
	w.delivered("for them", "not for them")

	w.platform.on(func(d delivery) outcome {
		if d.Text == "nor is this" {
			return outcome{Fail: "retry"}
		}
		return outcome{}
	})
	anna.say("nor is this")
	w.platform.eventually(t, "a try", func() bool { return w.platform.count("nor is this") > 0 })
	now.Store(serves(shop))
	w.host.TellProjects()
	w.status("it waits in the store alone", func(s core.BridgeStatus) bool { return s.Backlog == 0 })
	w.platform.on(nil)
	tries := w.platform.count("nor is this")
	ben.say("this is")
	w.platform.eventually(t, "what is theirs", func() bool { return w.platform.count("this is") == 1 })
	if n := w.platform.count("nor is this"); n != tries {
		t.Errorf("it was told %d times more", n-tries)
	}
	now.Store(serves(shop, acme))
	w.host.TellProjects()
	w.platform.eventually(t, "it is told after all", func() bool { return w.platform.count("nor is this") == tries+1 })
	w.settled()
}
