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
	for deadline := time.After(20 * time.Second); knows() != want; {
		select {
		case <-deadline:
			t.Fatalf("the plugin knows %q, not %q", knows(), want)
		case <-time.After(time.Millisecond):
		}
	}
}
