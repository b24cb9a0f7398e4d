package host_test

import (
	"context"
	"testing"

	"github.com/pocketping/pocketping/core"
	"github.com/pocketping/pocketping/core/host"
)

func (v *visitor) track(names ...string) {
	v.w.t.Helper()
	for _, name := range names {
		if _, err := v.w.chat.Track(context.Background(), v.by, name, nil, core.NewID("c")); err != nil {
			v.w.t.Fatal(err)
		}
	}
}

// What a page tracks in a few seconds is told in one line, which is settled whole;
// a message goes between, and waits for none of it.
func TestTrackedEventsAreToldTogether(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.host.Run(w.spec(func(s *host.Spec) { s.Env = map[string]string{"FIXTURE_FOLDS": "1"} }))
	w.status("running", func(s core.BridgeStatus) bool { return s.State == "running" })
	v := w.visitor("Anna")
	v.say("hello")
	v.track("pricing", "plans")
	v.say("how much?")
	v.track("docs", "docs", "faq")
	last := `visitor.tracked {"more":[{"name":"docs"},{"name":"faq"}],"name":"docs"}`
	w.platform.eventually(t, "what was tracked last", func() bool { return len(w.platform.got) == 5 })
	w.arrives("session.opened ", "message.posted hello", `visitor.tracked {"more":[{"name":"plans"}],"name":"pricing"}`, "message.posted how much?", last)
}
