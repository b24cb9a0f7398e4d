package plugintest_test

import (
	"context"
	"errors"
	"testing"

	"github.com/pocketping/pocketping/sdk/plugin"
	"github.com/pocketping/pocketping/sdk/plugin/plugintest"
)

// deaf is a bridge whose threads are always gone.
type deaf struct{ events []plugin.Event }

func (d *deaf) Deliver(_ context.Context, e *plugin.Event) (plugin.Receipt, error) {
	d.events = append(d.events, *e)
	return plugin.Receipt{Thread: "never"}, plugin.ThreadGone(errors.New("somebody deleted it"))
}

func (*deaf) Run(ctx context.Context) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func (*deaf) Check(context.Context) []plugin.Finding {
	return []plugin.Finding{{OK: true, Name: "token", Text: "good"}, {Name: "chat", Text: "gone"}, {Name: "rights", Text: "none"}}
}

func TestSessionDeliversAgain(t *testing.T) {
	d := &deaf{}
	s := plugintest.NewSession(plugintest.NewHost(t), d)
	s.Thread = "7"
	s.Link("msg_1", "100")
	e := plugintest.EditedTo(plugintest.VisitorSays("msg_1", "helo"), "hello")
	for range 2 {
		_, err := s.Deliver(t.Context(), e)
		plugintest.WantFailure(t, err, plugin.FailureThreadGone, "somebody", "token")
	}
	first, again := d.events[0], d.events[1]
	if first.Thread != "7" || len(first.Parts("msg_1")) != 1 || first.Session != s.Info || first.At.IsZero() || first.Message.Text != "hello" {
		t.Errorf("the first was %+v", first)
	}
	if again.Thread != "" || again.Seq != first.Seq || s.Thread != "" {
		t.Errorf("after the thread was gone the event came with thread %q and seq %d, not %d", again.Thread, again.Seq, first.Seq)
	}
	if next := s.Event(plugin.SessionClosed, nil); next.Seq != first.Seq+1 {
		t.Errorf("the next event has seq %d", next.Seq)
	}
}

func TestRunEndsOnce(t *testing.T) {
	stop := plugintest.Run(t, &deaf{})
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("Run returned %v", err)
	}
	if err := stop(); !errors.Is(err, context.Canceled) {
		t.Errorf("the second time it is %v", err)
	}
}

func TestFirstBad(t *testing.T) {
	if f := plugintest.FirstBad(t, &deaf{}, "secret"); f.Name != "chat" {
		t.Errorf("found %+v", f)
	}
}
