package main

import (
	"slices"
	"testing"
	"time"

	"github.com/pocketping/pocketping/plugins/discord/discordtest"
)

// While what was missed is fetched, another connection begins and there is more to fetch:
// what was reported meanwhile still comes after what was said before it.
func TestWhatWasMissedIsNotOvertaken(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	thread := r.open()
	olga := r.Operator("Olga")
	olga.Message(thread, "while nobody listened")
	r.Inject(discordtest.Fault{Method: "GET", Route: routeSend, Delay: 2 * time.Second, Times: 1})
	r.run()
	for tick := time.NewTicker(time.Millisecond); r.Faulted(nil) == 0; {
		<-tick.C // it is being fetched
	}
	olga.Message(thread, "on the first connection")
	r.Reconnect()
	r.WaitFor(t, func(s discordtest.State) bool { return s.Gateway.Resumes > 0 && s.Gateway.Connected == 1 })
	olga.Message(thread, "on the second")
	want := []string{"while nobody listened", "on the first connection", "on the second"}
	if got := texts(r.received(3)); !slices.Equal(got, want) {
		t.Errorf("the host received %q", got)
	}
	r.quiet(3)
}
